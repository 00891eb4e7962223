import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@tollgate/testing';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';
import { CancelRun } from '../jobs/cancel-run.js';

describe('GET /api/workflows/{id}/executions/{executionId}', () => {
  let gateway: GatewayUnderTest;
  let upstream: Server;
  let slow: string;
  let echo: string;
  let key: string;
  const waiting: ServerResponse[] = [];

  beforeAll(async () => {
    upstream = createServer((_request, response) => void waiting.push(response)).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    gateway = await GatewayUnderTest.start({ UPSTREAM_ALLOW: '127.0.0.1', JOB_WORKERS: '1' });
    for (const person of ['anna', 'mallory']) await gateway.user(person);
    await gateway.workspace('ws1', 'anna');
    await gateway.workspace('ws2', 'mallory');
    echo = await gateway.deployed('anna', 'ws1');
    const { port } = upstream.address() as AddressInfo;
    slow = await gateway.deployed('anna', 'ws1', { kind: 'http', url: `http://127.0.0.1:${port}/` });
    key = await gateway.key({ ownerId: 'anna' });
  });
  afterAll(async () => {
    await gateway.stop();
    upstream.closeAllConnections();
    upstream.close();
  });

  const status = (workflowId: string, runId: string, query = '', by: string | undefined = key) =>
    gateway.send('GET', `/api/workflows/${workflowId}/executions/${runId}${query}`, by ? { 'x-api-key': by } : {});
  const called = () => eventually(() => expect(waiting).toHaveLength(1), { timeoutMs: 10_000 });

  test('tells of a run that its caller waits for while it goes on, when its id was chosen, and when it is over', async () => {
    const running = gateway.execute(slow, key, { n: 1 }, { 'x-execution-id': 'mine' });
    await called();
    expect((await status(slow, 'mine')).json).toEqual({
      executionId: 'mine',
      workflowId: slow,
      status: 'running',
      trigger: 'api',
      level: 'info',
      startedAt: expect.any(String),
      endedAt: null,
      totalDurationMs: null,
      paused: null,
      cost: null,
      error: null,
      finalOutput: null,
    });
    waiting.splice(0)[0]!.setHeader('content-type', 'application/json').end('{"a":{"b":1},"c":2}');
    await running;
    const ended = await eventually(async () => {
      const { json } = await status(slow, 'mine', '?includeOutput=true');
      expect(json.status).toBe('completed');
      return json;
    });
    expect(ended).toMatchObject({ cost: { total: 0.005 }, error: null, finalOutput: { a: { b: 1 }, c: 2 } });
    expect((await status(slow, 'mine')).json.finalOutput).toBeNull();
    expect((await status(slow, 'mine', '?includeOutput=true&selectedOutputs=a.b,x')).json.finalOutput).toEqual({
      'a.b': 1,
    });
  });

  test('tells of each of two runs that two payers gave the same id, and cancels each', async () => {
    await gateway.user('ben');
    await gateway.happened('MemberAdded', { workspaceId: 'ws1', userId: 'ben', role: 'write' });
    const keys = [key, await gateway.key({ ownerId: 'ben' })];
    const twins = [];
    for (const by of keys) {
      twins.push(gateway.execute(slow, by, {}, { 'x-execution-id': 'twin' }));
      await eventually(() => expect(waiting).toHaveLength(twins.length));
    }
    const [older, newer] = waiting.splice(0).map((response) => response.setHeader('content-type', 'application/json'));
    newer!.end('2');
    await twins[1];
    expect((await status(slow, 'twin')).json.status).toBe('running');
    older!.end('1');
    expect((await Promise.all(twins)).map(({ json }) => json.output)).toEqual([1, 2]);

    const occupies = await gateway.execute(slow, key, {}, { 'x-execution-mode': 'async' });
    await called();
    for (const by of keys) {
      await gateway.execute(echo, by, {}, { 'x-execution-mode': 'async', 'x-execution-id': 'queued-twin' });
    }
    const cancel = () => gateway.running.app.get(CancelRun).cancel(echo, 'queued-twin');
    expect([await cancel(), await cancel(), await cancel()]).toEqual(['cancelled', 'cancelled', 'ended']);
    await eventually(() => {
      const payers = gateway.runEvents.flatMap(({ subject, type, data }) =>
        subject === 'queued-twin' && type === 'RunFinished' ? [data.payerUserId] : [],
      );
      expect(payers.toSorted()).toEqual(['anna', 'ben']);
    });
    waiting.splice(0)[0]!.setHeader('content-type', 'application/json').end('3');
    await eventually(async () => expect((await status(slow, occupies.json.executionId)).json.status).toBe('completed'));
  });

  test('tells of a run right after its answer', async () => {
    const { executionId } = (await gateway.execute(echo, key, {})).json;
    expect((await status(echo, executionId)).json).toMatchObject({ executionId, status: 'completed' });
  });

  test('tells of a queued run from its 202 on', async () => {
    const first = await gateway.execute(slow, key, {}, { 'x-execution-mode': 'async' });
    await called();
    const second = await gateway.execute(slow, key, {}, { 'x-execution-mode': 'async' });
    expect((await status(slow, first.json.executionId)).json.status).toBe('running');
    expect((await status(slow, second.json.executionId)).json).toMatchObject({ status: 'queued', startedAt: null });
    waiting.splice(0)[0]!.end('x');
    await called();
    waiting.splice(0)[0]!.writeHead(500).end('x');
    await eventually(async () => {
      const { json } = await status(slow, second.json.executionId, '?includeOutput=true');
      expect(json).toMatchObject({
        status: 'failed',
        level: 'error',
        error: 'Upstream answered 500',
        finalOutput: null,
      });
    });
  });

  test('conceals what may not be seen as what is not there', async () => {
    const { executionId } = (await gateway.execute(echo, key, {})).json;
    const notFound = { error: 'Execution not found', code: 'NOT_FOUND' };
    const foreign = [await gateway.key({ ownerId: 'mallory' }), await gateway.key({ workspaceId: 'ws2' })];
    for (const by of foreign) {
      const answer = await status(echo, executionId, '', by);
      expect([answer.status, answer.json]).toEqual([404, notFound]);
    }
    expect((await status(echo, 'unknown')).json).toEqual(notFound);
    expect((await status(slow, executionId)).json).toEqual(notFound);
    expect((await status('no-workflow', executionId)).json).toEqual(notFound);
    expect((await status(echo, executionId, '', '')).status).toBe(401);
    expect((await status(echo, executionId, '?includeOutput=maybe')).json).toMatchObject({
      code: 'VALIDATION_ERROR',
      details: [{ path: ['includeOutput'] }],
    });
    await gateway.happened('PersonalKeysDisallowed', { workspaceId: 'ws1' });
    expect((await status(echo, executionId)).json.code).toBe('PERSONAL_API_KEYS_DISABLED');
  });
});
