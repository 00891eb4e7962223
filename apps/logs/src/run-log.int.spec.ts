import { BUILT_IN_PLANS, MemoryDirectory } from '@tollgate/access';
import { SystemClock } from '@tollgate/service-kit';
import { logListQuerySchema } from '@tollgate/contracts';
import type { NewEvent } from '@tollgate/contracts';
import { logsInDatabase } from '../test/logs-in-database.js';
import { logged, runFinished, runRefused } from '../test/runs.js';
import { LocalRunArchive } from './local-run-archive.js';
import { LogPages } from './log-pages.js';
import { LogRetention } from './log-retention.js';
import { RunLog } from './run-log.js';
import { PAGE_OUTPUT_BYTES_MAX, RunPages } from './run-pages.js';
import { WorkflowCatalog } from './workflow-catalog.js';
import { catalogFollower } from './workflow-catalog.feed.js';

let logs: Awaited<ReturnType<typeof logsInDatabase>>;
let pages: LogPages;
let position = 1n;

beforeAll(async () => {
  logs = await logsInDatabase();
  const directory = new MemoryDirectory();
  directory.markReady();
  const retention = new LogRetention(directory, BUILT_IN_PLANS, new SystemClock());
  pages = new LogPages(new RunPages(new RunLog(logs.database), new WorkflowCatalog(logs.database), retention));
});
afterAll(() => logs.close());
beforeEach(() => logs.pool.query('TRUNCATE logs.run_log, logs.run_ids, logs.workflows'));

const given = async (events: NewEvent[]) => {
  await logs.deliver(logged(events, position));
  position += BigInt(events.length);
};
const page = (query: Record<string, string> = {}) =>
  pages.page(logListQuerySchema.parse({ workspaceId: 'w1', ...query }));
const idsOf = async (query: Record<string, string> = {}) => (await page(query)).data.map((entry) => entry.executionId);

/** All pages, as the documented poller walks them; `between` happens after each. */
const walk = async (
  query: Record<string, string>,
  between: (nth: number) => Promise<void> = () => Promise.resolve(),
) => {
  const seen: string[] = [];
  let cursor: string | undefined;
  for (let nth = 0; ; nth += 1) {
    const { data, nextCursor } = await page({ ...query, ...(cursor && { cursor }) });
    seen.push(...data.map((entry) => entry.executionId));
    await between(nth);
    if (nextCursor === undefined) return seen;
    cursor = nextCursor;
  }
};

/** Runs of which many share a millisecond, some across a month's border. */
const crowd = (count: number, from: string, name: string) =>
  Array.from({ length: count }, (_, index) =>
    runFinished({
      runId: `${name}-${String(index).padStart(4, '0')}`,
      startedAt: new Date(Date.parse(from) + Math.floor(index / 5)).toISOString(),
    }),
  );

describe('pages of the run log', () => {
  test.each(['asc', 'desc'])(
    'show every run once and in order (%s), ties and month borders included',
    async (order) => {
      await given(crowd(97, '2026-10-31T23:59:59.990Z', 'run'));
      const seen = await walk({ limit: '7', order });
      const expected = Array.from({ length: 97 }, (_, index) => `run-${String(index).padStart(4, '0')}`);
      expect(seen).toEqual(order === 'asc' ? expected : expected.reverse());
    },
  );

  test('newest first show each run once while newer ones come in, and none of those', async () => {
    await given(crowd(60, '2026-11-03T00:00:00Z', 'old'));
    const seen = await walk({ limit: '11' }, (nth) => given(crowd(5, '2026-11-04T00:00:00Z', `new${nth}`)));
    expect(seen).toHaveLength(60);
    expect(new Set(seen).size).toBe(60);
    expect(seen.every((id) => id.startsWith('old'))).toBe(true);
  });

  test('oldest first show each run once and go on to what came in meanwhile', async () => {
    await given(crowd(60, '2026-11-03T00:00:00Z', 'old'));
    const seen = await walk({ limit: '11', order: 'asc' }, (nth) =>
      nth < 3 ? given(crowd(5, `2026-11-04T00:00:0${nth}Z`, `new${nth}`)) : Promise.resolve(),
    );
    expect(seen).toHaveLength(75);
    expect(new Set(seen).size).toBe(75);
  });

  test('have no next cursor when the last run is the last of a full page, and are repeatable', async () => {
    await given(crowd(10, '2026-11-03T00:00:00Z', 'run'));
    expect(await page({ limit: '10' })).not.toHaveProperty('nextCursor');
    const { nextCursor = '' } = await page({ limit: '6' });
    const second = await page({ limit: '6', cursor: nextCursor });
    expect(second).not.toHaveProperty('nextCursor');
    expect(await page({ limit: '6', cursor: nextCursor })).toEqual(second);
    expect(await idsOf({ limit: '1', cursor: nextCursor })).toEqual(['run-0003']);
  });

  test('refuse a cursor of the other order', async () => {
    await given(crowd(3, '2026-11-03T00:00:00Z', 'run'));
    const { nextCursor = '' } = await page({ limit: '1' });
    await expect(page({ order: 'asc', cursor: nextCursor })).rejects.toMatchObject({
      status: 400,
      message: 'Invalid cursor',
    });
  });

  test.each(['0001-01-01T00:00:00.000Z', '0000-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'])(
    'take a made-up cursor at %s without a fault',
    async (startedAt) => {
      await given(crowd(3, '2026-11-03T00:00:00Z', 'run'));
      for (const order of ['asc', 'desc']) {
        const cursor = Buffer.from(JSON.stringify({ startedAt, id: 'log_x', order })).toString('base64');
        expect([0, 3]).toContain((await page({ order, cursor })).data.length);
      }
    },
  );

  test('show the runs of several workflows as one, page by page', async () => {
    const of = (workflowId: string, name: string) =>
      crowd(20, '2026-11-03T00:00:00Z', name).map((event) => ({ ...event, data: { ...event.data, workflowId } }));
    await given([...of('f1', 'a'), ...of('f2', 'b'), ...of('f3', 'c')]);
    for (const order of ['asc', 'desc']) {
      const seen = await walk({ workflowIds: 'f1,f3', limit: '7', order });
      expect(seen).toHaveLength(40);
      expect(new Set(seen).size).toBe(40);
      expect(seen.some((id) => id.startsWith('b'))).toBe(false);
      const all = await idsOf({ limit: '1000', order });
      expect(seen).toEqual(all.filter((id) => !id.startsWith('b')));
    }
  });

  test('end early rather than hold more output than a page may, and lose nothing', async () => {
    const output = 'x'.repeat(PAGE_OUTPUT_BYTES_MAX / 4);
    await given(
      crowd(6, '2026-11-03T00:00:00Z', 'run').map((event) => ({ ...event, data: { ...event.data, output } })),
    );
    const query = { details: 'full', includeFinalOutput: '1', limit: '100' };
    expect((await page(query)).data).toHaveLength(3);
    expect(await walk(query)).toHaveLength(6);
  });
});

describe('filters of the run log', () => {
  beforeEach(() =>
    given([
      runFinished({ runId: 'plain', startedAt: '2026-11-01T00:00:00.000Z' }),
      runFinished({ runId: 'slow', startedAt: '2026-11-02T00:00:00.000Z', durationMs: 5_000, workflowId: 'f2' }),
      runFinished({ runId: 'dear', startedAt: '2026-11-03T00:00:00.000Z', costMicros: 250_000, trigger: 'mcp' }),
      runFinished({ runId: 'failed', startedAt: '2026-11-04T00:00:00.000Z', status: 'failed' }),
      runRefused({ runId: 'refused', startedAt: '2026-11-05T00:00:00.000Z' }),
      runFinished({ runId: 'foreign', workspaceId: 'w2' }),
    ]),
  );

  test.each([
    [{}, 'refused failed dear slow plain'],
    [{ order: 'asc' }, 'plain slow dear failed refused'],
    [{ workspaceId: 'w2' }, 'foreign'],
    [{ workspaceId: 'w3' }, ''],
    [{ workflowIds: 'f2' }, 'slow'],
    [{ workflowIds: ',f2,,f9,' }, 'slow'],
    [{ workflowIds: 'f9' }, ''],
    [{ workflowIds: ',' }, 'refused failed dear slow plain'],
    [{ folderIds: 'x' }, ''],
    [{ folderIds: ',' }, 'refused failed dear slow plain'],
    [{ model: 'gpt' }, ''],
    [{ triggers: 'mcp' }, 'dear'],
    [{ triggers: 'mcp,api' }, 'refused failed dear slow plain'],
    [{ triggers: 'slack' }, ''],
    [{ triggers: 'slack,all' }, 'refused failed dear slow plain'],
    [{ level: 'error' }, 'refused failed'],
    [{ level: 'info' }, 'dear slow plain'],
    [{ startDate: '2026-11-02', endDate: '2026-11-03T00:00:00.000Z' }, 'dear slow'],
    [{ startDate: '2026-11-02T00:00:00.001Z' }, 'refused failed dear'],
    [{ endDate: '2026-11-01T23:59:59.999Z' }, 'plain'],
    [{ startDate: '2026-11-05', endDate: '2026-11-01' }, ''],
    [{ startDate: '0000-01-01' }, 'refused failed dear slow plain'],
    [{ executionId: 'dear' }, 'dear'],
    [{ executionId: 'dear', level: 'error' }, ''],
    [{ executionId: 'foreign' }, ''],
    [{ executionId: 'nothing' }, ''],
    [{ executionId: 'x'.repeat(5_000) }, ''],
    [{ minDurationMs: '5000' }, 'slow'],
    [{ minDurationMs: '5000.5' }, ''],
    [{ maxDurationMs: '40', minDurationMs: '1' }, 'failed dear plain'],
    [{ minCost: '0.005001' }, 'dear'],
    [{ minCost: '0.0050000001' }, 'dear'],
    [{ minCost: '0.25', maxCost: '0.25' }, 'dear'],
    [{ maxCost: '0' }, 'refused'],
    [{ maxCost: '0.0049999' }, 'refused'],
    [{ minCost: '-1e999', maxCost: '1e999' }, 'refused failed dear slow plain'],
    [{ level: 'error', workflowIds: 'f1', triggers: 'api', minCost: '0.001', order: 'asc' }, 'failed'],
  ])('%j finds "%s"', async (query: Record<string, string>, ids) => {
    expect((await idsOf(query)).join(' ')).toBe(ids);
  });
});

describe('an entry', () => {
  const actor = { type: 'user', id: 'u9' } as const;
  const workflowEvent = (type: 'WorkflowCreated' | 'WorkflowUpdated' | 'WorkflowDeleted', nth: number, data: object) =>
    ({
      id: `e${nth}`,
      type,
      source: '/tollgate/gateway',
      subject: 'f1',
      time: `2026-10-0${nth}T00:00:00.000Z`,
      data: { workflowId: 'f1', workspaceId: 'w1', actor, ...data },
    }) as unknown as NewEvent;

  test('is basic unless full was asked for, and then has exactly the parts that were asked for', async () => {
    await given([runFinished({ runId: 'r1', output: { a: [1, null, 'x'] } })]);
    const basic = {
      id: 'log_r1',
      workflowId: 'f1',
      executionId: 'r1',
      deploymentVersionId: 'v1',
      level: 'info',
      trigger: 'api',
      startedAt: '2026-11-03T10:00:00.000Z',
      endedAt: '2026-11-03T10:00:00.040Z',
      totalDurationMs: 40,
      cost: { total: 0.005 },
      files: null,
    };
    const workflow = { id: 'f1', name: 'Flow one', description: null, deleted: false };
    const parts = { includeTraceSpans: 'true', includeFinalOutput: 'true' };
    expect((await page()).data).toEqual([basic]);
    expect((await page(parts)).data).toEqual([basic]);
    expect((await page({ details: 'full' })).data).toEqual([{ ...basic, workflow }]);
    expect((await page({ details: 'full', ...parts })).data).toEqual([
      {
        ...basic,
        workflow,
        finalOutput: { a: [1, null, 'x'] },
        traceSpans: [
          {
            id: 'r1',
            name: 'Flow one',
            type: 'workflow',
            status: 'success',
            startTime: basic.startedAt,
            endTime: basic.endedAt,
            duration: 40,
          },
        ],
      },
    ]);
  });

  test('tells its workflow as it is now, deleted or not; news that come again change nothing', async () => {
    await given([runFinished({ runId: 'r1' })]);
    const news = logged([
      workflowEvent('WorkflowCreated', 1, { name: 'First', description: null }),
      workflowEvent('WorkflowUpdated', 2, { name: 'Second', description: 'better', needsRedeployment: false }),
      workflowEvent('WorkflowDeleted', 3, {}),
    ]);
    const feed = catalogFollower(logs.pool);
    const told = async () => (await page({ details: 'full' })).data[0]?.workflow;
    await logs.deliver(news.slice(0, 2), feed);
    expect(await told()).toEqual({ id: 'f1', name: 'Second', description: 'better', deleted: false });
    await logs.deliver(news, feed);
    await logs.deliver(news.slice(0, 2), feed);
    expect(await told()).toEqual({ id: 'f1', name: 'Second', description: 'better', deleted: true });
  });
});

describe('a run of an id that two payers chose in one workspace', () => {
  test('is found for each as his own, and without a payer it is the newest', async () => {
    const of = (payerUserId: string, startedAt: string) =>
      runFinished({ runId: 'mine', payerUserId, startedAt, output: payerUserId });
    // Events of a run whose id was chosen have ids of their own.
    await given([
      { ...of('u1', '2026-11-03T10:00:00.000Z'), id: 'e1' },
      { ...of('u2', '2026-11-03T11:00:00.000Z'), id: 'e2' },
    ]);
    const archive = new LocalRunArchive(new RunLog(logs.database));
    const outputOf = async (payerUserId?: string) =>
      (await archive.find({ workspaceId: 'w1', runId: 'mine', payerUserId }))?.output;

    expect([await outputOf('u1'), await outputOf('u2'), await outputOf()]).toEqual(['u1', 'u2', 'u2']);
    expect(await outputOf('u3')).toBeUndefined();
  });
});
