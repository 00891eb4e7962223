import { pgArray, type SqlSession } from '@tollgate/event-log';
import type { RunRow } from './run-row.js';

/** The columns with their types, in the order of the statement's parameters. */
const COLUMNS: readonly (readonly [column: string, type: string, field: keyof RunRow])[] = [
  ['event_id', 'text', 'eventId'],
  ['started_at', 'timestamptz', 'startedAt'],
  ['admitted_at', 'timestamptz', 'admittedAt'],
  ['run_id', 'text', 'runId'],
  ['position', 'bigint', 'position'],
  ['workspace_id', 'text', 'workspaceId'],
  ['workspace_name', 'text', 'workspaceName'],
  ['workflow_id', 'text', 'workflowId'],
  ['workflow_name', 'text', 'workflowName'],
  ['deployment_version_id', 'text', 'deploymentVersionId'],
  ['key_id', 'text', 'keyId'],
  ['key_name', 'text', 'keyName'],
  ['key_kind', 'text', 'keyKind'],
  ['actor_user_id', 'text', 'actorUserId'],
  ['payer_user_id', 'text', 'payerUserId'],
  ['trigger', 'text', 'trigger'],
  ['level', 'text', 'level'],
  ['status', 'text', 'status'],
  ['billable', 'boolean', 'billable'],
  ['ended_at', 'timestamptz', 'endedAt'],
  ['duration_ms', 'bigint', 'durationMs'],
  ['cost_micros', 'bigint', 'costMicros'],
  ['request_id', 'text', 'requestId'],
  ['user_agent', 'text', 'userAgent'],
  ['client_info', 'text', 'clientInfo'],
  ['client_name', 'text', 'clientName'],
  ['client_version', 'text', 'clientVersion'],
  ['created_at', 'timestamptz', 'createdAt'],
  ['input', 'text', 'input'],
  ['output', 'text', 'output'],
  ['error', 'text', 'error'],
];

const names = COLUMNS.map(([column]) => column).join(', ');

/**
 * A run enters the log if its event is new, and never again. Run ids do not decide that: callers may choose them, and
 * two runs of one id are two runs. The second conflict clause is for a row whose id was lost, which cannot happen in one database.
 */
const INSERT_SQL = `
  WITH given AS (
    SELECT * FROM unnest(${COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')}) AS given_row (${names})
  ), fresh AS (
    INSERT INTO logs.run_ids (event_id, run_id, workspace_id, started_at)
    SELECT event_id, run_id, workspace_id, started_at FROM given
    ON CONFLICT DO NOTHING RETURNING event_id
  )
  INSERT INTO logs.run_log (${names})
  SELECT ${names} FROM given WHERE event_id IN (SELECT event_id FROM fresh)
  ON CONFLICT DO NOTHING`;

/** Most characters of input, output and error in one statement; a single run is always sent. */
const STATEMENT_CHARACTERS_MAX = 8 * 1024 * 1024;

/** Writes rows of runs that may be there already; of two with one event id the first stays. Their partitions must exist. */
export async function writeRuns(sql: SqlSession, rows: readonly RunRow[]): Promise<void> {
  const first = new Map<string, RunRow>();
  for (const row of rows) if (!first.has(row.eventId)) first.set(row.eventId, row);
  for (const chunk of chunksOf([...first.values()])) {
    await sql.rows(
      INSERT_SQL,
      COLUMNS.map(([, , field]) => pgArray(chunk.map((row) => row[field]))),
    );
  }
}

function* chunksOf(rows: readonly RunRow[]): Generator<RunRow[]> {
  let chunk: RunRow[] = [];
  let characters = 0;
  for (const row of rows) {
    const more = row.input.length + row.output.length + (row.error?.length ?? 0);
    if (chunk.length > 0 && characters + more > STATEMENT_CHARACTERS_MAX) {
      yield chunk;
      chunk = [];
      characters = 0;
    }
    chunk.push(row);
    characters += more;
  }
  if (chunk.length > 0) yield chunk;
}
