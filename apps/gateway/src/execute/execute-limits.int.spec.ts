import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@tollgate/testing';
import { type Answer, GatewayUnderTest } from '../../test/gateway-under-test.js';

const PLANS = {
  free: { syncPerMinute: 2, concurrentRuns: 1, syncTimeoutMs: 1_000, allowanceUsd: '0.02' },
  pro: { syncPerMinute: 'off', concurrentRuns: 1, syncTimeoutMs: 1_000, allowanceUsd: 'off' },
};

describe('limits of running', () => {
  let gateway: GatewayUnderTest;
  let dir: string;
  let upstream: Server;
  let slow: string;
  let echo: string;
  const waiting: (() => void)[] = [];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tollgate-plans-'));
    writeFileSync(join(dir, 'plans.json'), JSON.stringify(PLANS));
    upstream = createServer((_request, response) => {
      waiting.push(() => response.setHeader('content-type', 'application/json').end('{"done":true}'));
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    gateway = await GatewayUnderTest.start({
      PLANS_FILE: join(dir, 'plans.json'),
      UPSTREAM_ALLOW: '127.0.0.1',
      SPOOL_RUNS_MAX: '1000',
    });
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
  afterEach(() => waiting.splice(0).forEach((answer) => answer()));

  /** A new member of the workspace, and a key of his. */
  const member = async (userId: string, plan: 'free' | 'pro') => {
    await gateway.user(userId, plan);
    await gateway.happened('MemberAdded', { workspaceId: 'ws1', userId, role: 'read' });
    return gateway.key({ ownerId: userId });
  };
  const finishedOf = (userId: string, count: number) =>
    eventually(() => {
      const events = gateway.runEvents.filter(
        ({ type, data }) => type === 'RunFinished' && (data as { payerUserId: string }).payerUserId === userId,
      );
      expect(events).toHaveLength(count);
      return events.map(({ data }) => data as Record<string, unknown>);
    });
  const expectLoggedRefusal = async (userId: string, of: { count: number; code: string; message: string }) => {
    const finished = await finishedOf(userId, of.count);
    const refused = finished.filter(({ status }) => status === 'refused');
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({
      billable: false,
      costMicros: 0,
      error: { code: of.code, message: of.message },
      input: { n: 'refused' },
      deploymentVersionId: expect.any(String),
    });
    const billed = gateway.runEvents.filter(
      ({ type, data }) => type === 'RequestBilled' && (data as { payerUserId: string }).payerUserId === userId,
    );
    expect(billed).toHaveLength(of.count - 1);
  };
  const integerHeaders = (answer: Answer) => {
    for (const name of ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'retry-after']) {
      expect(answer.headers.get(name)).toMatch(/^\d+$/);
    }
  };

  test('a rate that is used up is 429 with integer headers, logged at no cost, and the run id stays free', async () => {
    const key = await member('rob', 'free');
    await gateway.happened('UsageLimitChanged', { userId: 'rob', limitMicros: 1_000_000 });
    for (let n = 0; n < 4; n++) expect((await gateway.execute(echo, key, { n })).status).toBe(200);

    const answer = await gateway.execute(echo, key, { n: 'refused' }, { 'x-execution-id': 'robs-fifth' });

    const error = 'Rate limit exceeded. Please try again later.';
    expect([answer.status, answer.json]).toEqual([429, { error, code: 'RATE_LIMIT_EXCEEDED' }]);
    integerHeaders(answer);
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(answer.headers.get('x-ratelimit-limit')).toBe('4');
    await expectLoggedRefusal('rob', { count: 5, code: 'RATE_LIMIT_EXCEEDED', message: error });
    await gateway.happened('PlanChanged', { userId: 'rob', plan: 'pro' });
    expect((await gateway.execute(echo, key, {}, { 'x-execution-id': 'robs-fifth' })).status).toBe(200);
  });

  test('a budget that is used up is 402 before the run, logged at no cost', async () => {
    const key = await member('bea', 'pro');
    await gateway.happened('UsageLimitChanged', { userId: 'bea', limitMicros: 10_000 });
    for (let n = 0; n < 2; n++) expect((await gateway.execute(echo, key, { n })).status).toBe(200);

    const answer = await gateway.execute(echo, key, { n: 'refused' });

    expect(answer.status).toBe(402);
    expect(answer.json.code).toBe('USAGE_LIMIT_EXCEEDED');
    expect(answer.json.error).toMatch(/^Usage limit exceeded: \$0\.01 used of \$0\.01 limit\. /);
    await expectLoggedRefusal('bea', { count: 3, code: 'USAGE_LIMIT_EXCEEDED', message: answer.json.error });
  });

  test('budgets hold for parallel runs: of twenty at once only those that fit start', async () => {
    const key = await member('pam', 'pro');
    await gateway.happened('PlanChanged', { userId: 'pam', plan: 'enterprise' });
    await gateway.happened('UsageLimitChanged', { userId: 'pam', limitMicros: 35_000 });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => gateway.execute(echo, key, { n })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(7);
    expect(answers.filter(({ status }) => status === 402)).toHaveLength(13);
    const finished = await finishedOf('pam', 20);
    expect(finished.reduce((sum, { costMicros }) => sum + Number(costMicros), 0)).toBe(35_000);
  });

  test('a second run at a time is 429 for that payer, and only while the first runs', async () => {
    const key = await member('con', 'pro');
    const first = gateway.execute(slow, key);
    await eventually(() => expect(waiting).toHaveLength(1));

    const answer = await gateway.execute(echo, key, { n: 'refused' });

    expect([answer.status, answer.json.code]).toEqual([429, 'CONCURRENCY_LIMIT_EXCEEDED']);
    expect(answer.json.error).toMatch(/^Too many concurrent executions are in progress for this billing account\./);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    waiting.splice(0).forEach((end) => end());
    expect((await first).json).toMatchObject({ success: true, output: { done: true } });
    await expectLoggedRefusal('con', { count: 2, code: 'CONCURRENCY_LIMIT_EXCEEDED', message: answer.json.error });
    expect((await gateway.execute(echo, key)).status).toBe(200);
  });

  test('a payer who is suspended is 403 for a workspace key, logged at no cost', async () => {
    await gateway.user('sue');
    await gateway.workspace('ws-sue', 'sue');
    const id = await gateway.deployed('sue', 'ws-sue');
    const key = await gateway.key({ workspaceId: 'ws-sue' });
    await gateway.happened('UserSuspended', { userId: 'sue' });

    const answer = await gateway.execute(id, key, { n: 'refused' });

    expect([answer.status, answer.json]).toEqual([403, { error: 'Account suspended', code: 'ACCOUNT_SUSPENDED' }]);
    await expectLoggedRefusal('sue', { count: 1, code: 'ACCOUNT_SUSPENDED', message: 'Account suspended' });
  });

  test('a run beyond its plan’s time is 408, billed, and logged with the reason', async () => {
    const key = await member('tim', 'pro');
    const answer = await gateway.execute(slow, key, {});

    expect(answer.status).toBe(408);
    expect(answer.json).toEqual({
      success: false,
      output: null,
      error: 'Execution timed out after 1 second',
      metadata: { duration: expect.any(Number), startTime: expect.any(String), endTime: expect.any(String) },
    });
    const [finished] = await finishedOf('tim', 1);
    expect(finished).toMatchObject({
      status: 'failed',
      billable: true,
      costMicros: 5_000,
      error: { code: 'TIMEOUT', message: 'Execution timed out after 1 second' },
    });
  });

  test('a client that goes away ends its run, which is billed as started and frees its place', async () => {
    const key = await member('gus', 'pro');
    const gone = new AbortController();
    const url = `${gateway.url}/api/workflows/${slow}/execute`;
    const headers = { 'x-api-key': key, 'content-type': 'application/json' };
    const call = fetch(url, { method: 'POST', headers, body: '{}', signal: gone.signal }).catch(
      (error: Error) => error.name,
    );
    await eventually(() => expect(waiting).toHaveLength(1));

    gone.abort();

    expect(await call).toBe('AbortError');
    const [finished] = await finishedOf('gus', 1);
    expect(finished).toMatchObject({
      status: 'cancelled',
      billable: true,
      costMicros: 5_000,
      error: { code: 'CANCELLED' },
    });
    expect((await gateway.execute(echo, key)).status).toBe(200);
  });

  test('a process with as many runs under way as it may have says that it is busy, and when to come again', async () => {
    const key = await member('cap', 'pro');
    const annas = await gateway.key({ ownerId: 'anna' });
    const settings = { PLANS_FILE: join(dir, 'plans.json'), UPSTREAM_ALLOW: '127.0.0.1' };
    await gateway.restart({ ...settings, RUNS_UNDER_WAY_MAX: '1' });
    const first = gateway.execute(slow, annas);
    await eventually(() => expect(waiting).toHaveLength(1));

    const answer = await gateway.execute(echo, key, {}, { 'x-execution-id': 'caps' });

    expect([answer.status, answer.json]).toEqual([
      429,
      {
        error: 'Too many requests',
        code: 'ADMISSION_GATE_CAPACITY',
        message: 'Server is at capacity. Please try again shortly.',
        retryable: true,
        retryAfterSeconds: 5,
      },
    ]);
    expect(answer.headers.get('retry-after')).toBe('5');
    waiting.splice(0).forEach((end) => end());
    expect((await first).status).toBe(200);
    expect((await gateway.execute(echo, key, {}, { 'x-execution-id': 'caps' })).status).toBe(200);
  });

  test('a full spool is 503 with Retry-After before the run, and nothing is taken for it', async () => {
    const key = await member('ida', 'pro');
    await gateway.happened('UsageLimitChanged', { userId: 'ida', limitMicros: 5_000 });
    const overBudget = await member('opa', 'pro');
    await gateway.happened('UsageLimitChanged', { userId: 'opa', limitMicros: 4_999 });
    const settings = { PLANS_FILE: join(dir, 'plans.json'), UPSTREAM_ALLOW: '127.0.0.1' };
    await gateway.restart({ ...settings, SPOOL_RUNS_MAX: '1' });
    const annas = await gateway.key({ ownerId: 'anna' });
    const first = gateway.execute(slow, annas);
    await eventually(() => expect(waiting).toHaveLength(1));

    const answer = await gateway.execute(echo, key, {}, { 'x-execution-id': 'idas' });

    expect([answer.status, answer.json]).toEqual([
      503,
      { error: 'Service temporarily unavailable', code: 'SERVICE_UNAVAILABLE' },
    ]);
    expect(answer.headers.get('retry-after')).toBe('5');
    // B3.1's order: what is refused for another reason is told that one, and logged as ever.
    const over = await gateway.execute(echo, overBudget, { n: 'refused' });
    expect([over.status, over.json.code]).toEqual([402, 'USAGE_LIMIT_EXCEEDED']);
    await expectLoggedRefusal('opa', { count: 1, code: 'USAGE_LIMIT_EXCEEDED', message: over.json.error });
    waiting.splice(0).forEach((end) => end());
    expect((await first).status).toBe(200);
    await gateway.restart({ ...settings, SPOOL_RUNS_MAX: '1000' });
    expect((await gateway.execute(echo, key, {}, { 'x-execution-id': 'idas' })).status).toBe(200);
  });

  test('with BILLING=off nothing is limited and everything is recorded', async () => {
    const key = await member('oli', 'free');
    await gateway.restart({ PLANS_FILE: join(dir, 'plans.json'), BILLING: 'off' });
    for (let n = 0; n < 8; n++) {
      const answer = await gateway.execute(echo, key, { n });
      expect([answer.status, answer.headers.get('x-ratelimit-limit')]).toEqual([200, null]);
    }
    const finished = await finishedOf('oli', 8);
    expect(finished.every(({ billable }) => billable)).toBe(true);
  });
});
