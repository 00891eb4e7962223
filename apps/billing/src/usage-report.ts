import { Injectable } from '@nestjs/common';
import type { SignedIn } from '@tollgate/access';
import {
  microsToDecimal,
  type Report,
  REPORT_ROWS_MAX,
  type ReportGroup,
  type ReportRow,
  type ReportSplit,
} from '@tollgate/contracts';
import { inPgTransaction, positionOf, readProgress, type SqlSession, sqlOfPg } from '@tollgate/event-log';
import { BillingDatabase } from './billing-database.js';
import { METER, METER_CHECKPOINTS } from './meter.feed.js';
import type { UsageWindow } from './usage-window.js';

const UTC_DAY = `to_char(admitted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')`;

/** What a row of each grouping is about, as SQL over the ledger. */
const GROUPS: Record<ReportGroup, { id: string; name: string; kind: string; order: string }> = {
  day: {
    id: UTC_DAY,
    name: 'NULL::text',
    kind: 'NULL::text',
    order: 'id',
  },
  workspace: { id: 'workspace_id', name: 'workspace_name', kind: 'NULL::text', order: 'grouped.cost_micros DESC, id' },
  key: { id: 'key_id', name: 'key_name', kind: 'key_kind', order: 'grouped.cost_micros DESC, id NULLS LAST' },
  workflow: { id: 'workflow_id', name: 'workflow_name', kind: 'NULL::text', order: 'grouped.cost_micros DESC, id' },
};

/**
 * Groups, or the groups of each day (`isSplit`). Names may change between runs: a group shows the name of its newest run, and of two at the same instant the greater.
 * That is a function of the ledger's rows alone, whatever the order in which they came. Summing by name first keeps what
 * has to be ordered small.
 */
const rowsSql = ({ id, name, kind, order }: (typeof GROUPS)[ReportGroup], isSplit: boolean) => `
  WITH named AS (
    SELECT ${isSplit ? UTC_DAY : 'NULL::text'} AS day, ${id} AS id, ${name} AS name, ${kind} AS kind, max(admitted_at) AS newest_at,
           count(*) AS requests, sum(duration_ms) AS duration_ms, sum(cost_micros) AS cost_micros
    FROM billing.ledger
    WHERE payer_user_id = $1 AND admitted_at >= $2 AND admitted_at < $3
    GROUP BY 1, 2, 3, 4
  ), grouped AS (
    SELECT day, id, (array_agg(name ORDER BY newest_at DESC, name DESC))[1] AS name,
           (array_agg(kind ORDER BY newest_at DESC, name DESC))[1] AS kind,
           sum(requests) AS requests, sum(duration_ms) AS duration_ms, sum(cost_micros) AS cost_micros
    FROM named GROUP BY day, id
  )
  SELECT day, id, name, kind, requests::text, duration_ms::text, cost_micros::text FROM grouped
  ORDER BY day, ${order} LIMIT $4`;

const SNAPSHOT_SQL = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

interface SummedRow {
  /** Of split days alone. */
  day: string | null;
  id: string | null;
  name: string | null;
  kind: string | null;
  requests: string;
  duration_ms: string;
  cost_micros: string;
}

/** The report has more groups than one answer may have. */
export class ReportTooLong extends Error {}

/** Reads reports off the ledger. Sums are exact: bigint and numeric in SQL, never a float. */
@Injectable()
export class UsageReports {
  constructor(private readonly database: BillingDatabase) {}

  /**
   * What this person pays, in rows by day (oldest first) or by what cost most (then by id); with `splitBy` by day, and
   * within each day by what cost most. Rows, total and `asOf` are of one moment. Rejects with `ReportTooLong` beyond
   * `REPORT_ROWS_MAX` rows.
   */
  read(owner: SignedIn, window: UsageWindow, groupBy: ReportGroup, splitBy?: ReportSplit): Promise<Report> {
    const from = new Date(window.fromMs).toISOString();
    const to = new Date(window.toMs).toISOString();
    return inPgTransaction(this.database.pool, SNAPSHOT_SQL, async (client) => {
      const sql = sqlOfPg(client);
      const values = [owner.userId, from, to, REPORT_ROWS_MAX + 1];
      const by = splitBy ?? groupBy;
      const rows = await sql.rows<SummedRow>(rowsSql(GROUPS[by], splitBy !== undefined), values);
      if (rows.length > REPORT_ROWS_MAX) throw new ReportTooLong();
      return {
        owner: { id: owner.userId, name: owner.name, email: owner.email },
        from,
        to,
        currency: 'USD',
        rows: rows.map((row) => ({
          ...(splitBy !== undefined && { day: row.day }),
          ...groupOf(row, by),
          ...sumsOf([row]),
        })) as Report['rows'],
        total: sumsOf(rows),
        asOf: await readMark(sql),
      };
    });
  }
}

/** How far the ledger goes, told by the log alone, so that a rebuilt report says the same. */
async function readMark(sql: SqlSession): Promise<Report['asOf']> {
  const [newest] = await sql.rows<{ event_at: Date }>('SELECT event_at FROM billing.meter');
  const position = positionOf(await readProgress(sql, METER_CHECKPOINTS, METER));
  return { position: position.toString(), at: newest?.event_at.toISOString() ?? null };
}

function sumsOf(rows: readonly SummedRow[]): Pick<ReportRow, 'requests' | 'durationMs' | 'cost'> {
  const sum = (column: 'requests' | 'duration_ms' | 'cost_micros') =>
    rows.reduce((all, row) => all + BigInt(row[column]), 0n);
  return {
    requests: Number(sum('requests')),
    durationMs: Number(sum('duration_ms')),
    cost: microsToDecimal(sum('cost_micros')),
  };
}

function groupOf({ id, name, kind }: SummedRow, groupBy: ReportGroup): Record<string, string | null> {
  switch (groupBy) {
    case 'day':
      return { day: id };
    case 'workspace':
      return { workspaceId: id, workspaceName: name };
    case 'key':
      return { keyId: id, keyName: name, keyType: kind };
    case 'workflow':
      return { workflowId: id, workflowName: name };
  }
}
