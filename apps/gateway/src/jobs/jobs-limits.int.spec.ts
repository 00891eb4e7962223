import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@tollgate/testing';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

const PLANS = {
  free: { asyncTimeoutMs: 1_000 },
  pro: { syncPerMinute: 3, asyncPerMinute: 1, concurrentRuns: 1 },
};
const ASYNC = { 'x-execution-mode': 'async' };

describe('limits of queued runs', () => {
  let gateway: GatewayUnderTest;
  let dir: string;
  let upstream: Server;
  let slow: string;
  let echo: string;
  const waiting: ServerResponse[] = [];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tollgate-plans-'));
    writeFileSync(join(dir, 'plans.json'), JSON.stringify(PLANS));
    upstream = createServer((_request, response) => void waiting.push(response)).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    gateway = await GatewayUnderTest.start({ PLANS_FILE: join(dir, 'plans.json'), UPSTREAM_ALLOW: '127.0.0.1' });
    await gateway.user('anna');
    await gateway.workspace('ws1', 'anna');
    echo = await gateway.deployed('anna', 'ws1');
    const { port } = upstream.address() as AddressInfo;
    slow = await gateway.deployed('anna', 'ws1', { kind: 'http', url: `http://127.0.0.1:${port}/` });
  });
  afterAll(async () => {
    await gateway.stop();
    upstream.closeAllConnections();
    upstream.close();
    rmSync(dir, { recursive: true, force: true });
  });
  afterEach(() => waiting.splice(0).forEach((response) => response.destroy()));

  const member = async (userId: string, plan: 'free' | 'pro' = 'pro') => {
    await gateway.user(userId, plan);
    await gateway.happened('MemberAdded', { workspaceId: 'ws1', userId, role: 'read' });
    return gateway.key({ ownerId: userId });
  };
  const status = async (jobId: string, key: string) =>
    (await gateway.send('GET', `/api/jobs/${jobId}`, { 'x-api-key': key })).json.status as string;

  test('a queued run takes no place while it waits, and one when it starts', async () => {
    const key = await member('con');
    const running = gateway.execute(slow, key);
    await eventually(() => expect(waiting).toHaveLength(1));

    const queued = await gateway.execute(slow, key, {}, ASYNC);
    expect(queued.status).toBe(202);
    expect(await status(queued.json.jobId, key)).toBe('pending');

    waiting.splice(0).forEach((response) => response.end('x'));
    expect((await running).status).toBe(200);
    await eventually(() => expect(waiting).toHaveLength(1), { timeoutMs: 10_000 });
    expect((await gateway.execute(echo, key)).json.code).toBe('CONCURRENCY_LIMIT_EXCEEDED');
    waiting.splice(0).forEach((response) => response.end('x'));
    await eventually(async () => expect(await status(queued.json.jobId, key)).toBe('completed'));
  });

  test('it takes a token of the synchronous bucket; without one it is refused and logged at no cost', async () => {
    const key = await member('rob');
    for (let n = 0; n < 6; n++) expect((await gateway.execute(echo, key, { n }, ASYNC)).status).toBe(202);
    const answer = await gateway.execute(echo, key, { n: 'refused' }, ASYNC);
    expect([answer.status, answer.json.code]).toEqual([429, 'RATE_LIMIT_EXCEEDED']);
    await eventually(
      () => {
        const finished = gateway.runEvents.flatMap(({ type, data }) =>
          type === 'RunFinished' && data.payerUserId === 'rob' ? [data] : [],
        );
        expect(finished).toHaveLength(7);
        expect(finished.filter((run) => run.status === 'refused')).toMatchObject([
          { billable: false, costMicros: 0, input: { n: 'refused' } },
        ]);
      },
      { timeoutMs: 15_000 },
    );
  });

  test('waiting runs hold their part of the budget, which a restart does not forget', async () => {
    const key = await member('bea');
    await gateway.happened('UsageLimitChanged', { userId: 'bea', limitMicros: 10_000 });
    const first = await gateway.execute(slow, key, {}, ASYNC);
    await eventually(() => expect(waiting).toHaveLength(1), { timeoutMs: 10_000 });
    expect((await gateway.execute(slow, key, {}, ASYNC)).status).toBe(202);
    expect((await gateway.execute(echo, key, {}, ASYNC)).status).toBe(402);
    await gateway.restart();
    expect((await gateway.execute(echo, key, {}, ASYNC)).status).toBe(402);
    await eventually(
      async () => {
        waiting.splice(0).forEach((response) => response.end('x'));
        expect(await status(first.json.jobId, key)).toBe('completed');
      },
      { timeoutMs: 15_000, everyMs: 50 },
    );
  });

  test('the plan’s limit of time holds, whatever was asked for', async () => {
    const key = await member('tim', 'free');
    const answer = await gateway.execute(slow, key, {}, { ...ASYNC, 'x-execution-timeout-seconds': '3600' });
    await eventually(
      async () => {
        const { json } = await gateway.send('GET', `/api/jobs/${answer.json.jobId}`, { 'x-api-key': key });
        expect(json).toMatchObject({ status: 'failed', error: 'Execution timed out after 1 second' });
      },
      { timeoutMs: 10_000 },
    );
  });

  test('what the queue does not confirm is 503, and nothing is queued or held', async () => {
    const key = await member('ida');
    await gateway.happened('UsageLimitChanged', { userId: 'ida', limitMicros: 5_000 });
    const { pool } = gateway.database;
    await pool.query(`ALTER TABLE gateway_queue.queue RENAME TO away`);
    const refused = await gateway.execute(echo, key, {}, ASYNC);
    await pool.query(`ALTER TABLE gateway_queue.away RENAME TO queue`);
    expect([refused.status, refused.json.code, refused.headers.get('retry-after')]).toEqual([
      503,
      'SERVICE_UNAVAILABLE',
      '5',
    ]);
    const { rows } = await pool.query(`SELECT count(*)::int AS count FROM gateway.jobs WHERE payer_user_id = 'ida'`);
    expect(rows).toEqual([{ count: 0 }]);
    expect((await gateway.execute(echo, key, {}, ASYNC)).status).toBe(202);
  });
});
