import type { RunFilter, RunPageRequest } from './run-page-request.js';

/** The years that PostgreSQL and ISO 8601's four digits both have. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** The statement of one page: an index gives the order, no row is sorted that the page does not show. */
export function pageSql(
  { filter, order, after, limit }: RunPageRequest,
  columns: string,
): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const direction = order === 'asc' ? 'ASC' : 'DESC';
  const wanted = conditionsOf(filter, bind);
  if (after) {
    const at = bind(instantOf(after.startedAtMs));
    const beyond = order === 'asc' ? '>' : '<';
    // The first clause says nothing new; it is what lets whole months be left out.
    wanted.push(`started_at ${beyond}= ${at}`, `(started_at, run_id) ${beyond} (${at}, ${bind(after.runId)})`);
  }
  const ordered = `ORDER BY started_at ${direction}, run_id ${direction} LIMIT ${bind(limit)}`;
  const page = (what: string) => `SELECT ${what} FROM logs.run_log WHERE ${wanted.join(' AND ')} ${ordered}`;
  if (!filter.workflowIds) return { text: page(columns), values };
  // Each workflow has its own order in the index; the beginnings of these orders are merged, never the whole of them.
  wanted.push('workflow_id = one_workflow_id');
  const text = `SELECT ${columns} FROM unnest(${bind(filter.workflowIds)}::text[]) AS one (one_workflow_id)
    CROSS JOIN LATERAL (${page('run_log.*')}) AS page ${ordered}`;
  return { text, values };
}

/** One clause for each part of the filter. `level` is written out, so that the partial index of errors can be used. */
function conditionsOf(filter: RunFilter, bind: (value: unknown) => string): string[] {
  const clauses = [`workspace_id = ${bind(filter.workspaceId)}`];
  const add = (value: unknown, clause: (parameter: string) => string) => {
    if (value !== undefined) clauses.push(clause(bind(value)));
  };
  add(filter.triggers, (list) => `trigger = ANY (${list}::text[])`);
  if (filter.level) clauses.push(filter.level === 'error' ? `level = 'error'` : `level = 'info'`);
  add(filter.statuses, (list) => `status = ANY (${list}::text[])`);
  add(filter.workflowNamePart, (part) => `strpos(lower(workflow_name), lower(${part})) > 0`);
  add(instantOf(filter.startedFromMs), (at) => `started_at >= ${at}`);
  add(instantOf(filter.startedToMs), (at) => `started_at <= ${at}`);
  add(filter.durationMinMs, (ms) => `duration_ms >= ${ms}`);
  add(filter.durationMaxMs, (ms) => `duration_ms <= ${ms}`);
  add(filter.costMinMicros, (micros) => `cost_micros >= ${micros}`);
  add(filter.costMaxMicros, (micros) => `cost_micros <= ${micros}`);
  add(
    filter.runId,
    (id) => `run_id = ${id} AND started_at = ANY (ARRAY(SELECT started_at FROM logs.run_ids WHERE run_id = ${id}))`,
  );
  return clauses;
}

function instantOf(ms: number): string;
function instantOf(ms: number | undefined): string | undefined;
function instantOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(Math.min(LAST_MS, Math.max(FIRST_MS, ms))).toISOString();
}
