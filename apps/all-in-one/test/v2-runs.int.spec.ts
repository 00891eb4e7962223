import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { v2CancelledAnswerSchema, v2QueuedAnswerSchema, v2RunAnswerSchema, v2RunListSchema } from '@tollgate/contracts';
import { eventually } from '@tollgate/testing';
import { call, execute, getWithKey, operate, Person } from './person.js';
import { type PlatformHere, startPlatformHere } from './platform-here.js';

let running: PlatformHere;
let upstream: Server;
const waiting: ServerResponse[] = [];
let key: string;
let readersKey: string;
let foreignKey: string;
let workspaceId: string;
let echo: string;
let failing: string;
let slow: string;

/** The four services in one process; Ada's workspace with three workflows, Ben reads in it, Eve has one of her own. */
beforeAll(async () => {
  running = await startPlatformHere({ UPSTREAM_ALLOW: '127.0.0.1', LOG_LEVEL: 'silent' });
  upstream = createServer((_request, response) => void waiting.push(response)).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const ada = await Person.signUp(running);
  const ben = await Person.signUp(running, 'Ben');
  const eve = await Person.signUp(running, 'Eve');
  await operate(running, 'PUT', `/users/${ada.userId}/plan`, { plan: 'enterprise' });
  workspaceId = await ada.workspace();
  await ada.join(workspaceId, ben, 'read');
  echo = await ada.workflow(workspaceId);
  failing = await ada.workflow(workspaceId, '$error("no luck")', 'Failing');
  const { port } = upstream.address() as AddressInfo;
  const runner = { kind: 'http', url: `http://127.0.0.1:${port}/` };
  slow = (await ada.ok('POST', '/api/workflows', { workspaceId, name: 'Slow', runner })).workflow.id;
  await ada.ok('POST', `/api/workflows/${slow}/deploy`);
  key = (await ada.personalKey()).key;
  readersKey = (await ben.personalKey()).key;
  foreignKey = (await eve.workspaceKey(await eve.workspace())).key;
}, 60_000);
afterAll(async () => {
  await running.stop();
  upstream.closeAllConnections();
  upstream.close();
});
afterEach(() => waiting.splice(0).forEach((response) => response.destroy()));

const send = (method: string, path: string, body?: unknown, by = key) =>
  call(`${running.url}/api/v2/workflows/${path}`, method, body, { 'x-api-key': by });
const start = async (workflowId: string, input: object = {}) => {
  const answer = await send('POST', `${workflowId}/execute`, { async: true, input });
  expect(answer.status).toBe(202);
  return answer.body.data.runId as string;
};
const view = (workflowId: string, runId: string, query = '') => send('GET', `${workflowId}/runs/${runId}${query}`);
const status = (workflowId: string, runId: string, wanted: string) =>
  eventually(
    async () => {
      const { body } = await view(workflowId, runId, '?includeOutput=true');
      expect(body.data.status).toBe(wanted);
      return body.data;
    },
    { timeoutMs: 10_000, everyMs: 50 },
  );
const runsOf = (body: { data: { runId: string; status: string }[] }) => body.data.map((run) => [run.runId, run.status]);

test('a queued run is told by its own address, seen from the first poll, and told with its output when it is done', async () => {
  const answer = await send('POST', `${echo}/execute`, { async: true, input: { n: 1 }, executionTimeoutSeconds: 60 });
  expect(answer.status).toBe(202);
  expect(() => v2QueuedAnswerSchema.parse(answer.body)).not.toThrow();
  const { runId, statusUrl } = answer.body.data;
  expect(new URL(statusUrl).pathname).toBe(`/api/v2/workflows/${echo}/runs/${runId}`);
  expect(answer.headers.get('x-run-id')).toBe(runId);
  expect(answer.headers.get('x-ratelimit-limit')).toBe('10000');
  const first = await view(echo, runId);
  expect(first.status).toBe(200);
  expect(() => v2RunAnswerSchema.parse(first.body)).not.toThrow();
  const done = await status(echo, runId, 'completed');
  expect(done).toMatchObject({
    runId,
    workflowId: echo,
    trigger: 'api',
    output: { n: 1 },
    error: null,
    cost: { total: 0.005 },
    paused: null,
    blockOutputs: null,
  });
  expect((await view(echo, runId)).body.data.output).toBeNull();
  const selected = await view(echo, runId, '?selectedOutputs=n,expression,expression.n,other');
  expect(selected.body.data).toMatchObject({
    output: null,
    blockOutputs: { n: 1, expression: { n: 1 }, 'expression.n': 1 },
  });
});

test('a run that was awaited is found at once, with what it cost and why it failed', async () => {
  const ran = await send('POST', `${failing}/execute`, {});
  const { runId } = ran.body.data;
  const { status: code, body } = await view(failing, runId, '?includeOutput=true&selectedOutputs=a.b');
  expect(body.data.blockOutputs).toEqual({});
  expect([code, body.data.status, body.data.error.code, body.data.cost]).toEqual([
    200,
    'failed',
    'EXECUTION_FAILED',
    { total: 0.005 },
  ]);
});

test('a run that goes on is running, is among the runs, and ends when it is cancelled: billed as started, logged once', async () => {
  const runId = await start(slow);
  await eventually(() => expect(waiting).toHaveLength(1), { timeoutMs: 10_000 });
  expect((await view(slow, runId)).body.data).toMatchObject({ status: 'running', endedAt: null, cost: null });
  const list = await send('GET', `${slow}/runs?status=running`);
  expect(() => v2RunListSchema.parse(list.body)).not.toThrow();
  expect(runsOf(list.body)).toEqual([[runId, 'running']]);
  expect((await send('POST', `${slow}/runs/${runId}/cancel`, {}, readersKey)).status).toBe(403);
  const cancelled = await send('POST', `${slow}/runs/${runId}/cancel`);
  expect(cancelled.status).toBe(200);
  expect(() => v2CancelledAnswerSchema.parse(cancelled.body)).not.toThrow();
  expect(cancelled.body.data).toMatchObject({ success: true, runId, reason: 'recorded' });
  const ended = await status(slow, runId, 'cancelled');
  expect(ended).toMatchObject({ error: { code: 'CANCELLED' }, cost: { total: 0.005 } });
  const again = await send('POST', `${slow}/runs/${runId}/cancel`, {});
  expect(again.body.data).toMatchObject({ success: true, reason: 'already_cancelled' });
  await eventually(async () => {
    const log = await call(`${running.url}/api/v2/logs/${runId}`, 'GET', undefined, { 'x-api-key': key });
    expect(log.body.data).toMatchObject({ status: 'cancelled', cost: { total: 0.005 } });
  });
  expect(runsOf((await send('GET', `${slow}/runs`)).body)).toEqual([[runId, 'cancelled']]);
});

test('the runs of a workflow are walked page by page, each once, and counted with the workflow', async () => {
  const workflowId = echo;
  const runIds: string[] = [];
  for (let run = 0; run < 5; run += 1) {
    runIds.push((await send('POST', `${workflowId}/execute`, { input: { run } })).body.data.runId);
  }
  await view(workflowId, runIds.at(-1)!);
  const walk = async (query: string) => {
    const met: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null && page < 10; page += 1) {
      const { status: code, body } = await send(
        'GET',
        `${workflowId}/runs?limit=2${query}${cursor && `&cursor=${cursor}`}`,
      );
      expect(code).toBe(200);
      met.push(...body.data.map(({ runId }: { runId: string }) => runId));
      cursor = body.nextCursor;
    }
    return met;
  };
  const newest = await walk('');
  expect(newest.slice(0, 5)).toEqual(runIds.toReversed());
  expect(new Set(newest).size).toBe(newest.length);
  expect(await walk('&order=asc')).toEqual(newest.toReversed());
  expect(await walk('&status=failed')).toEqual([]);
  const { body } = await send('GET', `?workspaceId=${workspaceId}&search=echo`);
  expect(body.data[0]).toMatchObject({ id: echo, runCount: newest.length, lastRunAt: expect.stringMatching(/Z$/) });
});

test.each([
  [`?limit=0`, 'limit must be a whole number from 1 to 100'],
  [`?status=queued`, 'status must be one of pending, running, completed, failed, cancelled, paused'],
  [`?sortBy=name`, 'Unrecognized key: "sortBy"'],
  [`?startDate=2026-11-02T00:00:00Z&endDate=2026-11-01T00:00:00Z`, 'endDate must not be before startDate'],
  [`?cursor=x`, 'cursor is not a valid pagination cursor. Restart pagination without a cursor.'],
  [`/some-run?includeOutput=1`, 'includeOutput must be true or false'],
])('runs%s is a 400 that says %s', async (path, message) => {
  const { status: code, body } = await send('GET', `${echo}/runs${path}`);
  expect([code, body.error.code, body.error.message]).toEqual([400, 'BAD_REQUEST', message]);
});

test('what a key does not reach, and what is no run of the workflow, is not there', async () => {
  const runId = await start(echo);
  const notFound = { error: { code: 'NOT_FOUND', message: 'Run not found' } };
  for (const [method, path, by] of [
    ['GET', `${echo}/runs/${runId}`, foreignKey],
    ['POST', `${echo}/runs/${runId}/cancel`, foreignKey],
    ['GET', `nothing/runs/${runId}`, key],
    ['GET', `${failing}/runs/${runId}`, key],
    ['GET', `${echo}/runs/a%00b`, key],
    ['POST', `${echo}/runs/none/cancel`, key],
  ] as const) {
    const { status: code, body } = await send(method, path, undefined, by);
    expect([code, body]).toEqual([404, notFound]);
  }
  expect((await send('GET', `${echo}/runs`, undefined, foreignKey)).status).toBe(404);
  expect((await send('POST', `${echo}/runs/${runId}/cancel`, { force: true })).status).toBe(400);
  expect((await send('DELETE', `${echo}/runs/${runId}`)).status).toBe(405);
  await status(echo, runId, 'completed');
  const late = await send('POST', `${echo}/runs/${runId}/cancel`);
  expect(late.body.data).toMatchObject({ success: false, reason: 'already_completed' });
});

test('two payers use the same run id, each once, and each sees his own run in log, status and bill', async () => {
  const tenants = await Promise.all(
    ['Fay', 'Gil'].map(async (name) => {
      const person = await Person.signUp(running, name);
      const workspace = await person.workspace();
      const workflow = await person.workflow(workspace);
      return { name, person, workspace, workflow, own: (await person.personalKey()).key };
    }),
  );
  const awaited = { 'x-execution-id': 'order-7' };
  const queued = { 'x-execution-id': 'order-8', 'x-execution-mode': 'async' };
  for (const headers of [awaited, queued]) {
    for (const wanted of [headers === awaited ? 200 : 202, 409]) {
      for (const { name, workflow, own } of tenants) {
        expect((await execute(running, workflow, own, { of: name }, headers)).status).toBe(wanted);
      }
    }
  }
  for (const { name, person, workspace, workflow, own } of tenants) {
    for (const runId of ['order-7', 'order-8']) {
      await eventually(async () => {
        const { body } = await send('GET', `${workflow}/runs/${runId}?includeOutput=true`, undefined, own);
        expect(body.data).toMatchObject({ runId, status: 'completed', output: { of: name } });
      });
      await eventually(async () => {
        const logged = await getWithKey(running, `/api/v1/logs/executions/${runId}`, own);
        expect([logged.status, logged.body.workflowId]).toEqual([200, workflow]);
      });
    }
    await eventually(async () => {
      const { body } = await getWithKey(running, `/api/v1/logs?workspaceId=${workspace}`, own);
      expect(body.data.map((run: { executionId: string }) => run.executionId).toSorted()).toEqual([
        'order-7',
        'order-8',
      ]);
      const bill = await person.ok('GET', '/api/billing/reconciliation');
      expect(bill).toMatchObject({ runs: 2, billed: 2, difference: 0, missing: [], extra: [] });
      const { usage } = (await getWithKey(running, '/api/users/me/usage-limits', own)).body;
      expect(usage.currentPeriodCost).toBe(0.01);
    });
  }
});
