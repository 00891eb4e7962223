import { BUILT_IN_PLANS, MemoryDirectory } from '@tollgate/access';
import { logListQuerySchema, v2LogListQuerySchema } from '@tollgate/contracts';
import { logsInDatabase } from '../test/logs-in-database.js';
import { logged, runFinished } from '../test/runs.js';
import { SystemClock } from '@tollgate/service-kit';
import { LogPages } from './log-pages.js';
import { LogRetention } from './log-retention.js';
import { Partitions } from './partitions.js';
import { ENTRY_COLUMNS, RunLog } from './run-log.js';
import type { RunFilter, RunPageRequest } from './run-page-request.js';
import { pageSql } from './run-log-sql.js';
import { RunPages } from './run-pages.js';
import { V2LogPages } from './v2-log-pages.js';
import { WorkflowCatalog } from './workflow-catalog.js';
import { sqlOfPg } from '@tollgate/event-log';

const RUNS = 1_000_000;
const LIMIT = 101;
/** The middle of the runs: a page this deep must cost what the first costs. */
const MIDDLE = { startedAtMs: Date.parse('2026-10-16T00:00:00Z'), runId: 'run-0500000' };

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

let logs: Awaited<ReturnType<typeof logsInDatabase>>;
beforeAll(async () => {
  logs = await logsInDatabase();
  await fill();
}, 120_000);
afterAll(() => logs.close());

/** One workspace with a million runs over three months: 20 workflows, 1 in 100 failed, 1 in 1,000 by MCP; and a small one. */
async function fill(): Promise<void> {
  await new Partitions().ensure(sqlOfPg(logs.pool), ['2026-09', '2026-10', '2026-11']);
  const client = await logs.pool.connect();
  await client.query(`SET statement_timeout = 0; SET synchronous_commit = off`);
  await client.query(
    `INSERT INTO logs.run_log
     SELECT 'event-' || n, at, 'run-' || lpad(n::text, 7, '0'), n, CASE WHEN n % 1000 = 7 THEN 'small' ELSE 'big' END, 'Workspace',
       'flow-' || n % 20, 'Flow', 'v1', 'k1', 'Key', 'personal', 'u1', 'u1',
       CASE WHEN n % 1000 = 500 THEN 'mcp' ELSE 'api' END,
       CASE WHEN n % 100 = 50 THEN 'error' ELSE 'info' END, CASE WHEN n % 100 = 50 THEN 'failed' ELSE 'completed' END,
       true, at, n % 5000, 5000, 'q', null, null, at, '{}', '{"reply":"' || n || '"}', null
     FROM generate_series(0, ${RUNS - 1}) AS n,
       LATERAL (SELECT '2026-09-01Z'::timestamptz + n * interval '7.776 seconds' AS at) AS times`,
  );
  await client.query(`INSERT INTO logs.run_ids SELECT event_id, run_id, workspace_id, started_at FROM logs.run_log`);
  await client.query(`ANALYZE logs.run_log; ANALYZE logs.run_ids`);
  client.release();
}

type PlanRequest = Partial<Omit<RunPageRequest, 'filter'>> & { filter?: Partial<RunFilter> };

async function planOf(request: PlanRequest) {
  const { text, values } = pageSql(
    { order: 'desc', limit: LIMIT, ...request, filter: { workspaceId: 'big', ...request.filter } },
    ENTRY_COLUMNS,
  );
  const { rows } = await logs.pool.query(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`, values);
  const [{ Plan: root, 'Execution Time': tookMs, 'Planning Time': plannedMs }] = rows[0]['QUERY PLAN'];
  const nodes = [...flat(root)];
  // The partitions of broken clocks are empty: looking into them costs nothing, however it is done.
  const isEmpty = (node: PlanNode) =>
    /^run_log_(before|after)$/.test(node['Relation Name'] ?? '') && node['Actual Rows'] === 0;
  const ran = nodes.filter((node) => node['Actual Loops'] > 0 && !isEmpty(node));
  const reads = ran.filter((node) => node['Relation Name']);
  return {
    rows: root['Actual Rows'] as number,
    tookMs: tookMs as number,
    plannedMs: plannedMs as number,
    nodeTypes: new Set(ran.map((node) => node['Node Type'])),
    indexes: new Set(reads.map((node) => node['Index Name']?.replace(/^run_log_(\d+_\d+|before|after)_/, ''))),
    touched: reads.reduce(
      (sum, node) => sum + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
      0,
    ),
    sorted: ran
      .filter((node) => node['Node Type'].includes('Sort'))
      .reduce((sum, node) => sum + (node.Plans?.[0]?.['Actual Rows'] ?? 0), 0),
  };
}

function* flat(node: PlanNode): Generator<PlanNode> {
  yield node;
  for (const child of node.Plans ?? []) yield* flat(child);
}

const workspaceIndex = 'pkey';
const errorIndex = 'workspace_id_started_at_run_id_idx';
const workflowIndex = 'workspace_id_workflow_id_started_at_run_id_idx';
const ids = (count: number) => Array.from({ length: count }, (_, index) => `flow-${index}`);

describe(`a page of a workspace with ${RUNS} runs`, () => {
  test.each<[string, PlanRequest, string, number]>([
    ['newest first', {}, workspaceIndex, LIMIT],
    ['oldest first', { order: 'asc' }, workspaceIndex, LIMIT],
    ['newest first, from the middle', { after: MIDDLE }, workspaceIndex, LIMIT],
    ['oldest first, from the middle', { after: MIDDLE, order: 'asc' }, workspaceIndex, LIMIT],
    ['of a small workspace', { filter: { workspaceId: 'small' } }, workspaceIndex, LIMIT],
    ['of errors', { filter: { level: 'error' } }, errorIndex, LIMIT],
    ['of errors, from the middle', { filter: { level: 'error' }, after: MIDDLE }, errorIndex, LIMIT],
    ['of one workflow', { filter: { workflowIds: ids(1) } }, workflowIndex, LIMIT],
    [
      'of five workflows, from the middle',
      { filter: { workflowIds: ids(5) }, after: MIDDLE },
      workflowIndex,
      5 * LIMIT,
    ],
    ['of one run', { filter: { runId: 'run-0500000' } }, 'pkey', 2],
    [
      'between dates',
      { filter: { startedFromMs: MIDDLE.startedAtMs, startedToMs: MIDDLE.startedAtMs + 3_600_000 } },
      workspaceIndex,
      LIMIT,
    ],
    ['of runs by MCP, 1 in 1,000', { filter: { triggers: ['mcp'] } }, workspaceIndex, 1_010 * LIMIT],
  ])('%s reads an index in its order, and no more than it must', async (name, request, index, touchedMax) => {
    const plan = await planOf(request);
    process.stdout.write(
      `${name}: ${plan.tookMs.toFixed(2)} ms (+ ${plan.plannedMs.toFixed(2)} planned), ${plan.rows} rows of ` +
        `${plan.touched} read by ${[...plan.indexes].join(', ')}\n`,
    );
    expect(plan.rows).toBe(request.filter?.runId ? 1 : LIMIT);
    expect(plan.nodeTypes).not.toContain('Seq Scan');
    expect(plan.nodeTypes).not.toContain('Bitmap Heap Scan');
    expect(plan.indexes).toContain(index);
    expect(plan.touched).toBeLessThanOrEqual(touchedMax);
    // Only the beginnings of several workflows, and the runs of one id, are ever sorted.
    const merges = request.filter?.workflowIds !== undefined || request.filter?.runId !== undefined;
    expect(plan.sorted).toBeLessThanOrEqual(merges ? touchedMax : 0);
  });
});

describe(`a walk among ${RUNS} runs, page by page`, () => {
  /** Two months' partitions: the second half of one, and all of the next. */
  const HALF = RUNS * 0.5;
  const LATE = RUNS * 0.9;
  const startOf = (first: number) => new Date(Date.parse('2026-09-01T00:00:00Z') + first * 7_776).toISOString();
  let arrived = 0;

  /** Three runs are recorded meanwhile: after all others, before them, and in the middle. */
  const arrive = async () => {
    const runs = ['2026-11-30T12:00:00.000Z', '2026-09-01T00:00:00.000Z', '2026-10-16T00:00:00.000Z'].map((startedAt) =>
      runFinished({ runId: `new-${(arrived += 1)}`, workspaceId: 'big', startedAt }),
    );
    await logs.deliver(logged(runs, BigInt(RUNS + arrived)));
  };

  const runPages = () => {
    const directory = new MemoryDirectory();
    directory.markReady();
    const retention = new LogRetention(directory, BUILT_IN_PLANS, new SystemClock());
    return new RunPages(new RunLog(logs.database), new WorkflowCatalog(logs.database), retention);
  };
  const v1Page = async (cursor: string) => {
    const asked = { workspaceId: 'big', limit: '1000', startDate: startOf(HALF), ...(cursor && { cursor }) };
    const query = logListQuerySchema.parse(asked);
    const { data, nextCursor } = await new LogPages(runPages()).page(query);
    return { ids: data.map(({ executionId }) => executionId), next: nextCursor };
  };
  const v2Page = async (cursor: string) => {
    const startDate = startOf(LATE);
    const asked = { workspaceId: 'big', limit: '1000', sortOrder: 'asc', startDate, ...(cursor && { cursor }) };
    const { data, nextCursor } = await new V2LogPages(runPages()).page(v2LogListQuerySchema.parse(asked));
    return { ids: data.map(({ runId }) => runId), next: nextCursor ?? undefined };
  };

  test.each([
    ['v1, newest first, the latest half', v1Page, HALF],
    ['v2, oldest first, the latest tenth', v2Page, LATE],
  ])(
    'yields each run once while new ones arrive: %s',
    async (name, pageOf, first) => {
      const times = new Uint8Array(RUNS);
      const timesOfNew = new Map<string, number>();
      const began = { atMs: performance.now(), cpu: process.cpuUsage() };
      let pages = 0;
      for (let cursor: string | undefined = ''; cursor !== undefined; pages += 1) {
        if (pages % 100 === 50) await arrive();
        const page: { ids: string[]; next: string | undefined } = await pageOf(cursor);
        for (const id of page.ids) {
          if (id.startsWith('run-')) times[Number(id.slice('run-'.length))]! += 1;
          else timesOfNew.set(id, (timesOfNew.get(id) ?? 0) + 1);
        }
        cursor = page.next;
      }
      const seconds = (performance.now() - began.atMs) / 1000;
      const cpuSeconds = process.cpuUsage(began.cpu).user / 1_000_000;
      process.stdout.write(
        `${name}: ${pages} pages in ${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of this process)\n`,
      );
      // One in a thousand is the small workspace's; before the first that was asked for none is met.
      expect(times.every((count, n) => count === (n >= first && n % 1000 !== 7 ? 1 : 0))).toBe(true);
      expect(timesOfNew.size).toBeGreaterThan(0);
      expect([...timesOfNew.values()].every((count) => count === 1)).toBe(true);
    },
    240_000,
  );
});
