import { executionDetailSchema, logDetailSchema, logListSchema } from '@tollgate/contracts';
import { startLogs } from '../test/logs-under-test.js';
import type { LogsUnderTest } from '../test/logs-under-test.js';
import { runFinished, runRefused } from '../test/runs.js';

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
    await logs.person(userId, userId === 'ada' ? 'pro' : 'enterprise');
    await logs.workspace(workspaceId, userId);
  }
  await logs.person('ben');
  await logs.tell('MemberAdded', { workspaceId: 'w1', userId: 'ben', role: 'read' });
  personal = (await logs.key({ ownerId: 'ben' })).text;
  ofWorkspace = (await logs.key({ workspaceId: 'w1' })).text;
  foreignPersonal = (await logs.key({ ownerId: 'eve' })).text;
  foreignWorkspace = (await logs.key({ workspaceId: 'w2' })).text;
  const workflow = { workflowId: 'f1', workspaceId: 'w1', name: 'Twice' };
  await logs.tell('WorkflowCreated', { ...workflow, description: 'doubles' });
  await logs.tell('WorkflowDeployed', {
    ...workflow,
    deploymentVersionId: 'v1',
    deployedAt: '2026-11-01T00:00:00.000Z',
    runner: { kind: 'expression', expression: 'n * 2' },
    inputSchema: null,
  });
  await logs.runs(
    runFinished({ runId: 'r1', startedAt: '2026-11-01T10:00:00.000Z' }),
    runFinished({ runId: 'r2', startedAt: '2026-11-02T10:00:00.000Z' }),
    runFinished({
      runId: 'r3',
      startedAt: '2026-11-03T10:00:00.000Z',
      status: 'failed',
      output: null,
      error: { code: 'EXECUTION_ERROR', message: 'n is not a number' },
    }),
    runRefused({ runId: 'r4', startedAt: '2026-11-04T10:00:00.000Z', deploymentVersionId: null }),
    runFinished({ runId: 'e1', workspaceId: 'w2', workflowId: 'f2' }),
  );
});
afterAll(() => logs.stop());

const list = (query: string, key = personal) => logs.get(`/api/v1/logs?${query}`, key);
const rate = (perMinute: number) => ({
  requestsPerMinute: perMinute,
  maxBurst: perMinute * 2,
  remaining: perMinute * 2,
  resetAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/),
});

describe('GET /api/v1/logs', () => {
  test('answers a member and the workspace itself with the same runs, and pages through them', async () => {
    for (const key of [personal, ofWorkspace]) {
      const first = await list('workspaceId=w1&limit=3', key);
      expect(first.status).toBe(200);
      expect(() => logListSchema.parse(first.body)).not.toThrow();
      expect(first.body.data.map((entry: { executionId: string }) => entry.executionId)).toEqual(['r4', 'r3', 'r2']);
      const last = await list(`workspaceId=w1&limit=3&cursor=${encodeURIComponent(first.body.nextCursor)}`, key);
      expect(last.body.data).toEqual([
        {
          id: 'log_r1',
          workflowId: 'f1',
          executionId: 'r1',
          deploymentVersionId: 'v1',
          level: 'info',
          trigger: 'api',
          startedAt: '2026-11-01T10:00:00.000Z',
          endedAt: '2026-11-01T10:00:00.040Z',
          totalDurationMs: 40,
          cost: { total: 0.005 },
          files: null,
        },
      ]);
      expect(Object.keys(last.body).sort()).toEqual(['data', 'limits']);
    }
  });

  test('shows what the payer has left: the owner for a personal key, the billed account for a workspace key', async () => {
    expect((await list('workspaceId=w1', personal)).body.limits).toEqual({
      workflowExecutionRateLimit: { sync: rate(600), async: rate(5000) },
      usage: { currentPeriodCost: 0, limit: 9007199254.740991, plan: 'enterprise', isExceeded: false },
    });
    expect((await list('workspaceId=w1', ofWorkspace)).body.limits).toEqual({
      workflowExecutionRateLimit: { sync: rate(150), async: rate(1000) },
      usage: { currentPeriodCost: 0, limit: 9007199254.740991, plan: 'pro', isExceeded: false },
    });
  });

  test('shows refused attempts as errors at zero cost', async () => {
    const { body } = await list('workspaceId=w1&level=error&order=asc');
    expect(body.data).toMatchObject([
      { executionId: 'r3', level: 'error', cost: { total: 0.005 } },
      { executionId: 'r4', level: 'error', cost: { total: 0 }, deploymentVersionId: null },
    ]);
  });

  test('carries integer rate headers with an ISO reset, and a request id', async () => {
    const { headers } = await list('workspaceId=w1');
    expect(headers.get('x-ratelimit-limit')).toBe('1000');
    expect(headers.get('x-ratelimit-remaining')).toMatch(/^\d+$/);
    expect(headers.get('x-ratelimit-reset')).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/);
    expect(headers.get('x-request-id')).toBeTruthy();
  });

  test.each([
    ['', 'Workspace ID is required', 'workspaceId'],
    ['workspaceId=', 'Workspace ID is required', 'workspaceId'],
    ['workspaceId=w1&workspaceId=w2', 'workspaceId must be given once', 'workspaceId'],
    ['workspaceId=w1&limit=ten', 'limit must be a number', 'limit'],
    ['workspaceId=w1&startDate=soon', 'startDate must be an ISO 8601 date', 'startDate'],
    ['workspaceId=w1&order=desc&order=asc', 'order must be given once', 'order'],
    ['workspaceId=w1&executionId=%00', 'executionId must not contain control characters', 'executionId'],
  ])('refuses ?%s, naming the parameter', async (query, error, field) => {
    const { status, body } = await list(query);
    expect(status).toBe(400);
    expect(body).toEqual({ error, code: 'VALIDATION_ERROR', details: [expect.objectContaining({ path: [field] })] });
  });

  test.each([
    'x',
    '%00',
    'e30=',
    Buffer.from('{"startedAt":"9999-99-99","id":"log_r1","order":"desc"}').toString('base64'),
    Buffer.from('{"startedAt":"2026-11-03","id":"log_r1","order":"asc"}').toString('base64'),
  ])('refuses the cursor %s', async (cursor) => {
    const { status, body } = await list(`workspaceId=w1&cursor=${cursor.replaceAll('=', '%3D')}`);
    expect(status).toBe(400);
    if (cursor !== '%00') expect(body).toEqual({ error: 'Invalid cursor', code: 'VALIDATION_ERROR' });
  });

  test('clamps limits, and ignores keys it does not know, repeated ones too', async () => {
    expect((await list('workspaceId=w1&limit=0')).body.data).toHaveLength(1);
    expect((await list('workspaceId=w1&limit=2.9&colour=red&colour=blue&__proto__=x')).body.data).toHaveLength(2);
    expect((await list('workspaceId=w1&limit=1e9')).body.data).toHaveLength(4);
  });

  test('refuses without a usable key, always in the same words', async () => {
    const { text, revoke } = await logs.key({ ownerId: 'ben' });
    expect((await list('workspaceId=w1', text)).status).toBe(200);
    await revoke();
    const expired = await logs.key({ ownerId: 'ben' }, '2020-01-01T00:00:00.000Z');
    const answers = await Promise.all([
      list('workspaceId=w1', text),
      list('workspaceId=w1', expired.text),
      list('workspaceId=w1', 'sk-sim-invented'),
      list('', 'x'.repeat(10_000)),
    ]);
    for (const { status, body, headers } of answers) {
      expect([status, body]).toEqual([401, { error: 'Invalid API key', code: 'UNAUTHORIZED' }]);
      expect(headers.get('x-ratelimit-limit')).toBeNull();
    }
    const missing = await logs.get('/api/v1/logs?workspaceId=w1');
    expect([missing.status, missing.body]).toEqual([401, { error: 'API key required', code: 'UNAUTHORIZED' }]);
  });

  test('refuses who may not see the workspace, unknown ones alike', async () => {
    const denied = { error: 'Access denied', code: 'FORBIDDEN' };
    const scope = { error: 'API key is not authorized for this workspace', code: 'FORBIDDEN' };
    for (const [workspaceId, key, body] of [
      ['w1', foreignPersonal, denied],
      ['w9', foreignPersonal, denied],
      ['%00', foreignPersonal, denied],
      ['w1', foreignWorkspace, scope],
      ['w9', foreignWorkspace, scope],
    ] as const) {
      const answer = await list(`workspaceId=${workspaceId}`, key);
      expect([answer.status, answer.body]).toEqual([403, body]);
    }
  });
});

describe('one run', () => {
  test('is told in full', async () => {
    const { status, body } = await logs.get('/api/v1/logs/log_r3', ofWorkspace);
    expect(status).toBe(200);
    expect(() => logDetailSchema.parse(body)).not.toThrow();
    expect(body.data).toEqual({
      id: 'log_r3',
      workflowId: 'f1',
      executionId: 'r3',
      level: 'error',
      trigger: 'api',
      startedAt: '2026-11-03T10:00:00.000Z',
      endedAt: '2026-11-03T10:00:00.040Z',
      totalDurationMs: 40,
      files: null,
      workflow: {
        id: 'f1',
        name: 'Twice',
        description: 'doubles',
        folderId: null,
        userId: 'u1',
        workspaceId: 'w1',
        createdAt: expect.stringMatching(/^2026-01-01T/),
        updatedAt: expect.stringMatching(/^2026-01-01T/),
        deleted: false,
      },
      executionData: {
        totalDuration: 40,
        traceSpans: [expect.objectContaining({ id: 'r3', status: 'error' })],
        workflowInput: { message: 'hello' },
        finalOutput: null,
        error: { code: 'EXECUTION_ERROR', message: 'n is not a number' },
      },
      cost: { total: 0.005 },
      client: { name: 'jest', version: null },
      createdAt: '2026-11-03T10:00:00.040Z',
    });
    expect(body.limits.usage.plan).toBe('pro');
  });

  test('tells the deployed snapshot that it ran', async () => {
    const { status, body } = await logs.get('/api/v1/logs/executions/r1', personal);
    expect(status).toBe(200);
    expect(() => executionDetailSchema.parse(body)).not.toThrow();
    expect(body).toMatchObject({
      executionId: 'r1',
      workflowId: 'f1',
      workflowState: {
        deploymentVersionId: 'v1',
        name: 'Twice',
        deployedAt: '2026-11-01T00:00:00.000Z',
        runner: { kind: 'expression', expression: 'n * 2' },
        inputSchema: null,
      },
      executionMetadata: {
        trigger: 'api',
        startedAt: '2026-11-01T10:00:00.000Z',
        endedAt: '2026-11-01T10:00:00.040Z',
        totalDurationMs: 40,
        cost: { total: 0.005 },
      },
    });
  });

  test('has no snapshot when it was refused before any was known', async () => {
    const { status, body } = await logs.get('/api/v1/logs/executions/r4', personal);
    expect([status, body]).toEqual([404, { error: 'Workflow state snapshot not found', code: 'NOT_FOUND' }]);
  });

  test.each([
    ['/api/v1/logs/', 'Log not found', ['log_e1', 'log_r9', 'r1', 'log_', 'log_%00', `log_${'x'.repeat(150)}`]],
    ['/api/v1/logs/executions/', 'Workflow execution not found', ['e1', 'r9', '%00', 'log_r1', 'x'.repeat(150)]],
  ])('under %s is the same 404 when it is not there and when it is not the caller’s', async (path, error, ids) => {
    for (const id of ids) {
      const { status, body } = await logs.get(path + id, personal);
      expect([id, status, body]).toEqual([id, 404, { error, code: 'NOT_FOUND' }]);
    }
    const mark = path.endsWith('executions/') ? '' : 'log_';
    for (const key of [foreignPersonal, foreignWorkspace]) {
      const { status, body } = await logs.get(`${path}${mark}r1`, key);
      expect([status, body]).toEqual([404, { error, code: 'NOT_FOUND' }]);
    }
  });

  test('is not hidden by another workspace’s run of the same, chosen id', async () => {
    const [earlier, later] = ['2026-11-05T10:00:00.000Z', '2026-11-06T10:00:00.000Z'];
    const mine = runFinished({ runId: 'order-1', startedAt: earlier });
    const theirs = runFinished({ runId: 'order-1', startedAt: later, workspaceId: 'w2' });
    await logs.runs({ ...mine, id: 'event-of-mine' }, { ...theirs, id: 'event-of-theirs' });
    for (const [key, startedAt] of [
      [personal, earlier],
      [ofWorkspace, earlier],
      [foreignPersonal, later],
      [foreignWorkspace, later],
    ] as const) {
      expect((await logs.get('/api/v1/logs/log_order-1', key)).body.data.startedAt).toBe(startedAt);
      expect((await logs.get('/api/v1/logs/executions/order-1', key)).body.executionMetadata.startedAt).toBe(startedAt);
    }
  });
});
