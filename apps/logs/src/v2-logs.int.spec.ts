import { v2LogDetailSchema, v2LogListSchema } from '@tollgate/contracts';
import { startLogs } from '../test/logs-under-test.js';
import type { LogsUnderTest } from '../test/logs-under-test.js';
import { runFinished, runRefused } from '../test/runs.js';

const OTHER_FILTERS =
  'cursor does not match the requested filters. Restart pagination without a cursor after changing a filter.';
const GARBAGE = 'cursor is not a valid pagination cursor. Restart pagination without a cursor.';

let logs: LogsUnderTest;
let personal: string;
let ofWorkspace: string;
let foreignPersonal: string;
let foreignWorkspace: string;

/** Ada owns w1, with a workflow and four runs; Eve owns w2. Ben reads in w1. */
beforeAll(async () => {
  logs = await startLogs();
  for (const [userId, workspaceId] of [
    ['ada', 'w1'],
    ['eve', 'w2'],
  ] as const) {
    await logs.person(userId);
    await logs.workspace(workspaceId, userId);
  }
  await logs.person('ben');
  await logs.tell('MemberAdded', { workspaceId: 'w1', userId: 'ben', role: 'read' });
  personal = (await logs.key({ ownerId: 'ben' })).text;
  ofWorkspace = (await logs.key({ workspaceId: 'w1' })).text;
  foreignPersonal = (await logs.key({ ownerId: 'eve' })).text;
  foreignWorkspace = (await logs.key({ workspaceId: 'w2' })).text;
  await logs.tell('WorkflowCreated', { workflowId: 'f1', workspaceId: 'w1', name: 'Twice', description: 'doubles' });
  await logs.tell('WorkflowDeployed', {
    workflowId: 'f1',
    workspaceId: 'w1',
    name: 'Twice',
    deploymentVersionId: 'v1',
    deployedAt: '2026-11-01T00:00:00.000Z',
    runner: { kind: 'expression', expression: 'n * 2' },
    inputSchema: null,
  });
  await logs.runs(
    runFinished({
      runId: 'r1',
      startedAt: '2026-11-01T10:00:00.000Z',
      actorUserId: 'ben',
      client: { userAgent: 'sim-cli/2.1.28', clientInfo: 'cli/2.1.28; node/24.21.0' },
    }),
    runFinished({ runId: 'r2', startedAt: '2026-11-02T10:00:00.000Z', trigger: 'mcp', costMicros: 7_000 }),
    runFinished({
      runId: 'r3',
      startedAt: '2026-11-03T10:00:00.000Z',
      status: 'failed',
      output: null,
      error: { code: 'EXECUTION_FAILED', message: 'n is not a number' },
      workflowName: 'Other flow',
    }),
    runRefused({ runId: 'r4', startedAt: '2026-11-04T10:00:00.000Z', deploymentVersionId: null }),
    runFinished({ runId: 'e1', workspaceId: 'w2', workflowId: 'f2', startedAt: '2026-11-03T10:00:00.000Z' }),
  );
});
afterAll(() => logs.stop());

const list = (query: string, key = personal) => logs.get(`/api/v2/logs?${query}`, key);
const idsOf = async (query: string) => {
  const answer = await list(`workspaceId=w1&${query}`);
  expect(answer.status).toBe(200);
  return answer.body.data.map((entry: { runId: string }) => entry.runId);
};

describe('GET /api/v2/logs', () => {
  test('answers a member and the workspace itself with the same runs, page by page', async () => {
    for (const key of [personal, ofWorkspace]) {
      const first = await list('workspaceId=w1&limit=3', key);
      expect(first.status).toBe(200);
      expect(() => v2LogListSchema.parse(first.body)).not.toThrow();
      expect(first.body.data.map((entry: { runId: string }) => entry.runId)).toEqual(['r4', 'r3', 'r2']);
      const last = await list(`workspaceId=w1&limit=3&cursor=${first.body.nextCursor}`, key);
      expect(last.body).toEqual({
        data: [
          {
            kind: 'workflow',
            runId: 'r1',
            workflowId: 'f1',
            deploymentVersionId: 'v1',
            status: 'completed',
            level: 'info',
            trigger: 'api',
            startedAt: '2026-11-01T10:00:00.000Z',
            endedAt: '2026-11-01T10:00:00.040Z',
            totalDurationMs: 40,
            cost: { total: 0.005 },
            files: null,
            hasHandledErrors: false,
          },
        ],
        nextCursor: null,
      });
    }
  });

  test('carries rate headers with an ISO reset, and is kept by nobody', async () => {
    const { headers } = await list('workspaceId=w1');
    expect(headers.get('x-ratelimit-limit')).toBe('1000');
    expect(headers.get('x-ratelimit-reset')).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(headers.get('cache-control')).toBe('private, no-store');
    expect(headers.get('x-request-id')).toBeTruthy();
  });

  test.each([
    ['level=error', ['r4', 'r3']],
    ['status=failed', ['r4', 'r3']],
    ['status=completed,cancelled', ['r2', 'r1']],
    ['status=running', []],
    ['sortOrder=asc', ['r1', 'r2', 'r3', 'r4']],
    ['order=asc', ['r1', 'r2', 'r3', 'r4']],
    ['triggers=mcp', ['r2']],
    ['triggers=mcp,all', ['r4', 'r3', 'r2', 'r1']],
    ['runId=r2', ['r2']],
    ['runId=e1', []],
    ['workflowIds=f1,f9', ['r4', 'r3', 'r2', 'r1']],
    ['workflowName=OTHER', ['r3']],
    ['startDate=2026-11-02T10:00:00Z&endDate=2026-11-03T10:00:00Z', ['r3', 'r2']],
    ['minCost=0.0050001', ['r2']],
    ['maxCost=0.005', ['r4', 'r3', 'r1']],
    ['minDurationMs=40', ['r3', 'r2', 'r1']],
    ['folderPaths=/x', []],
    ['folderPaths=/', ['r4', 'r3', 'r2', 'r1']],
    ['model=any', []],
    ['includeJobRuns=true&includeHandledErrors=true', ['r4', 'r3', 'r2', 'r1']],
    ['limit=1.9', ['r4']],
    ['limit=-5', ['r4']],
    ['limit=100000', ['r4', 'r3', 'r2', 'r1']],
  ])('with %s gives %j', async (query, ids) => expect(await idsOf(query)).toEqual(ids));

  test('shows more when asked: workflow, output, spans', async () => {
    const { body } = await list('workspaceId=w1&includeFinalOutput=true&includeTraceSpans=true&runId=r1');
    expect(body.data[0]).toMatchObject({
      workflow: { id: 'f1', name: 'Twice', description: 'doubles', deleted: false },
      finalOutput: { reply: 'world' },
      traceSpans: [{ id: 'r1', status: 'success' }],
    });
  });

  test.each([
    ['', 'workspaceId is required'],
    ['workspaceId=', 'workspaceId must not be blank'],
    ['workspaceId=w1&workspaceId=w1', 'workspaceId must be given once'],
    ['workspaceId=w1&executionId=r1', 'Unrecognized key: "executionId"'],
    ['workspaceId=w1&startDate=2026-11-01', 'startDate must be a UTC ISO 8601 timestamp such as 2026-08-06T00:00:00Z'],
    [
      'workspaceId=w1&endDate=2026-11-01T00:00:00%2B01:00',
      'endDate must be a UTC ISO 8601 timestamp such as 2026-08-06T00:00:00Z',
    ],
    [
      'workspaceId=w1&startDate=0000-01-01T00:00:00Z',
      'startDate must be a UTC ISO 8601 timestamp such as 2026-08-06T00:00:00Z',
    ],
    [
      'workspaceId=w1&startDate=2026-11-02T00:00:00Z&endDate=2026-11-01T00:00:00Z',
      'endDate must not be before startDate',
    ],
    ['workspaceId=w1&minDurationMs=5&maxDurationMs=4', 'maxDurationMs must not be before minDurationMs'],
    ['workspaceId=w1&minCost=-1', 'minCost must be a number from 0 to 1000000'],
    ['workspaceId=w1&minDurationMs=1.5', 'minDurationMs must be a whole number from 0 to 2147483647'],
    ['workspaceId=w1&triggers=api,,mcp', 'triggers must be a comma list of 1 to 100 entries, none of them empty'],
    ['workspaceId=w1&level=warn', 'level must be one of info, error'],
    ['workspaceId=w1&status=refused', /^status must be a comma list of pending/],
    ['workspaceId=w1&sortBy=cost', 'sortBy must be one of startedAt'],
    ['workspaceId=w1&limit=many', 'limit must be a number'],
    ['workspaceId=w1&includeFinalOutput=yes', 'includeFinalOutput must be true or false'],
    ['workspaceId=w1&runId=a%00b', 'runId must be at most 128 characters'],
    ['workspaceId=w1&cursor=x', GARBAGE],
  ])('?%s is a 400 that says %s', async (query, message) => {
    const { status, body } = await list(query);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      code: 'BAD_REQUEST',
      details: [expect.objectContaining({ message: expect.any(String) })],
    });
    expect(body.error.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  test('binds its cursor to the filters, not to their order, the page size or what is shown', async () => {
    const asked = 'workspaceId=w1&triggers=api,mcp&workflowIds=f1,f2';
    const { body } = await list(`${asked}&limit=1`);
    const cursor = `cursor=${body.nextCursor}`;
    const same = 'workspaceId=w1&workflowIds=f2,f1&triggers=mcp,api,mcp&limit=2&details=full';
    expect((await list(`${same}&${cursor}`)).body.data.map((entry: { runId: string }) => entry.runId)).toEqual([
      'r3',
      'r2',
    ]);
    for (const other of [
      `${asked}&level=error`,
      'workspaceId=w1&triggers=api',
      `${asked}&sortOrder=asc`,
      `${asked}&minCost=0`,
    ]) {
      const { status, body: refused } = await list(`${other}&${cursor}`);
      expect([status, refused.error.message]).toEqual([400, OTHER_FILTERS]);
    }
  });
});

describe('GET /api/v2/logs/{runId}', () => {
  test('shows a run in full, with who ran it and with which program', async () => {
    const { status, body } = await logs.get('/api/v2/logs/r1', personal);
    expect(status).toBe(200);
    expect(() => v2LogDetailSchema.parse(body)).not.toThrow();
    expect(body.data).toMatchObject({
      runId: 'r1',
      status: 'completed',
      executedByEmail: 'ben@example.com',
      workflow: { id: 'f1', name: 'Twice', folderPath: '/', ownerEmail: null, workspaceId: 'w1' },
      workflowState: { deploymentVersionId: 'v1', runner: { kind: 'expression' } },
      workflowInput: { message: 'hello' },
      finalOutput: { reply: 'world' },
      cost: { total: 0.005, items: [{ category: 'fixed', description: 'Workflow run', cost: 0.005 }] },
      client: { name: 'cli', version: '2.1.28' },
    });
  });

  test('shows a refused attempt as a failed run that cost nothing', async () => {
    const { body } = await logs.get('/api/v2/logs/r4', ofWorkspace);
    expect(body.data).toMatchObject({
      status: 'failed',
      level: 'error',
      workflowState: null,
      error: { code: 'RATE_LIMIT_EXCEEDED' },
      cost: { total: 0, items: [] },
    });
  });

  test('knows no query', async () => {
    expect((await logs.get('/api/v2/logs/r1?details=full', personal)).status).toBe(400);
  });
});

describe('who may not read', () => {
  const notFound = (what: string) => ({ error: { code: 'NOT_FOUND', message: `${what} not found` } });

  test('a foreign workspace, an unknown one and a foreign run look alike: not there', async () => {
    for (const key of [foreignPersonal, foreignWorkspace]) {
      for (const workspaceId of ['w1', 'nothing']) {
        const { status, body } = await list(`workspaceId=${workspaceId}`, key);
        expect([status, body]).toEqual([404, notFound('Workspace')]);
      }
      for (const runId of ['r1', 'nothing', 'x%00y', 'y'.repeat(150)]) {
        const { status, body } = await logs.get(`/api/v2/logs/${runId}`, key);
        expect([status, body]).toEqual([404, notFound('Run')]);
      }
    }
  });

  test('without a usable key there is the challenge and no rate header', async () => {
    for (const [key, message] of [
      [undefined, 'API key required'],
      ['sk-sim-nonsense', 'Invalid API key'],
    ] as const) {
      const { status, headers, body } = await logs.get('/api/v2/logs?workspaceId=w1', key);
      expect([status, body]).toEqual([401, { error: { code: 'UNAUTHORIZED', message } }]);
      expect(headers.get('www-authenticate')).toBe('SimApiKey realm="Sim API", header="x-api-key"');
      expect(headers.get('x-ratelimit-limit')).toBeNull();
      expect(headers.get('cache-control')).toBe('private, no-store');
    }
  });

  test('personal keys that a workspace switches off are told so; suspended payers hold up its own keys', async () => {
    await logs.tell('PersonalKeysDisallowed', { workspaceId: 'w1' });
    for (const path of ['?workspaceId=w1', '/r1']) {
      const { status, body } = await logs.get(`/api/v2/logs${path}`, personal);
      expect([status, body]).toEqual([
        403,
        {
          error: {
            code: 'FORBIDDEN',
            message: 'Personal API keys are not allowed for this workspace',
            details: { code: 'PERSONAL_API_KEYS_DISABLED' },
          },
        },
      ]);
    }
    await logs.tell('PersonalKeysAllowed', { workspaceId: 'w1' });
    await logs.tell('UserSuspended', { userId: 'ada' });
    const held = await list('workspaceId=w1', ofWorkspace);
    expect([held.status, held.body.error]).toEqual([403, { code: 'FORBIDDEN', message: 'Account suspended' }]);
    await logs.tell('UserReinstated', { userId: 'ada' });
    expect((await list('workspaceId=w1', ofWorkspace)).status).toBe(200);
  });
});
