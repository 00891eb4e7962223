import type { Settlement } from '@tollgate/access';
import { pgArray, type SqlSession } from '@tollgate/event-log';
import type { LedgerRow } from './pricing.js';

/** Ledger columns in the order in which they are written, each with its type and where its value comes from. */
const COLUMNS: readonly [column: string, type: string, value: (row: LedgerRow) => string | number | null][] = [
  ['event_id', 'text', (row) => row.eventId],
  ['run_id', 'text', (row) => row.runId],
  ['position', 'bigint', (row) => row.position.toString()],
  ['payer_user_id', 'text', (row) => row.payerUserId],
  ['payer_rule', 'text', (row) => row.payerRule],
  ['workspace_id', 'text', (row) => row.workspaceId],
  ['workspace_name', 'text', (row) => row.workspaceName],
  ['workflow_id', 'text', (row) => row.workflowId],
  ['workflow_name', 'text', (row) => row.workflowName],
  ['key_id', 'text', (row) => row.keyId],
  ['key_name', 'text', (row) => row.keyName],
  ['key_kind', 'text', (row) => row.keyKind],
  ['actor_user_id', 'text', (row) => row.actorUserId],
  ['trigger', 'text', (row) => row.trigger],
  ['price_id', 'text', (row) => row.priceId],
  ['admitted_at', 'timestamptz', (row) => row.admittedAt],
  ['duration_ms', 'bigint', (row) => row.durationMs],
  ['base_micros', 'bigint', (row) => row.baseMicros.toString()],
  ['runner_micros', 'bigint', (row) => row.runnerMicros.toString()],
  ['cost_micros', 'bigint', (row) => row.costMicros.toString()],
];

const NAMES = COLUMNS.map(([column]) => column).join(', ');
const ARRAYS = COLUMNS.map(([, type], nth) => `$${nth + 1}::${type}[]`).join(', ');

/** Only rows that really came in are summed, so an event that is delivered again moves no total. */
const ENTER_SQL = `
  WITH entered AS (
    INSERT INTO billing.ledger (${NAMES}) SELECT ${NAMES} FROM unnest(${ARRAYS}) AS given (${NAMES})
    ON CONFLICT (event_id) DO NOTHING
    RETURNING run_id, payer_user_id, admitted_at, duration_ms, cost_micros, position
  ), summed AS (
    SELECT payer_user_id, to_char(admitted_at AT TIME ZONE 'UTC', 'YYYY-MM') AS period, count(*) AS requests,
           sum(duration_ms) AS duration_ms, sum(cost_micros) AS cost_micros, max(position) AS position,
           array_agg(run_id) AS run_ids
    FROM entered GROUP BY 1, 2
  ), rolled AS (
    INSERT INTO billing.payer_periods AS known (payer_user_id, period, requests, duration_ms, cost_micros, position)
    SELECT payer_user_id, period, requests, duration_ms, cost_micros, position FROM summed
    ON CONFLICT (period, payer_user_id) DO UPDATE SET
      requests = known.requests + excluded.requests,
      duration_ms = known.duration_ms + excluded.duration_ms,
      cost_micros = known.cost_micros + excluded.cost_micros,
      position = greatest(known.position, excluded.position)
    RETURNING payer_user_id, period, cost_micros, position
  )
  SELECT rolled.payer_user_id, rolled.period, rolled.cost_micros, rolled.position, summed.run_ids
  FROM rolled JOIN summed USING (payer_user_id, period)
  ORDER BY payer_user_id, period`;

/** The greatest time, so that it is the same in whatever order the lines of the log are read. Last, since all lines meet here. */
const MARK_SQL = `
  INSERT INTO billing.meter AS known (event_at) VALUES ($1)
  ON CONFLICT (one_row) DO UPDATE SET event_at = excluded.event_at WHERE known.event_at < excluded.event_at`;

interface RolledRow {
  payer_user_id: string;
  period: string;
  cost_micros: string;
  position: string;
  run_ids: string[];
}

/**
 * Enters rows into the ledger and its rollups inside the caller's transaction; rows that are there already change
 * nothing. Gives what became of the payers' totals. `newestAt`: the newest time of the events behind the rows.
 */
export async function enterIntoLedger(
  transaction: SqlSession,
  rows: readonly LedgerRow[],
  newestAt: string,
): Promise<Settlement[]> {
  const arrays = COLUMNS.map(([, , value]) => pgArray(rows.map(value)));
  const rolled = await transaction.rows<RolledRow>(ENTER_SQL, arrays);
  await transaction.rows(MARK_SQL, [newestAt]);
  return rolled.map(settlementOf);
}

const TOTALS_PAGE_SQL = `
  SELECT payer_user_id, period, cost_micros, position, '{}'::text[] AS run_ids
  FROM billing.payer_periods WHERE period = $1 AND payer_user_id > $2 ORDER BY payer_user_id LIMIT $3`;

/**
 * All payers' totals of a period, in pages. A total and its position are of one moment: a meter that runs elsewhere
 * meanwhile does no harm.
 */
export async function* totalsOf(sql: SqlSession, period: string, pageSizeMax = 1_000): AsyncGenerator<Settlement[]> {
  let after = '';
  for (;;) {
    const page = await sql.rows<RolledRow>(TOTALS_PAGE_SQL, [period, after, pageSizeMax]);
    if (page.length === 0) return;
    yield page.map(settlementOf);
    after = page.at(-1)!.payer_user_id;
  }
}

function settlementOf(row: RolledRow): Settlement {
  // Nine thousand million dollars in a month: beyond it every limit is passed anyway, and a number would not be exact.
  const total = BigInt(row.cost_micros);
  const totalMicros = total > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(total);
  return {
    payerUserId: row.payer_user_id,
    period: row.period,
    totalMicros,
    runIds: row.run_ids,
    position: BigInt(row.position),
  };
}
