import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@tollgate/testing';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

const PLANS = {
  free: { syncPerMinute: 50, concurrentRuns: 'off', allowanceUsd: '0.10' },
  max: { syncPerMinute: 1, concurrentRuns: 'off' },
};

let gateway: GatewayUnderTest;
let dir: string;
let echo: string;
let personal: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tollgate-v2-'));
  writeFileSync(join(dir, 'plans.json'), JSON.stringify(PLANS));
  gateway = await GatewayUnderTest.start({ PLANS_FILE: join(dir, 'plans.json') });
  await gateway.user('anna');
  await gateway.workspace('ws1', 'anna');
  echo = await gateway.deployed('anna', 'ws1');
  personal = await gateway.key({ ownerId: 'anna' });
});
afterAll(async () => {
  await gateway.stop();
  rmSync(dir, { recursive: true, force: true });
});

const execute = (id: string, key: string) =>
  gateway.send('POST', `/api/v2/workflows/${id}/execute`, { 'x-api-key': key }, {});
const error = (code: string, message: string, details?: unknown) => ({
  error: { code, message, ...(details !== undefined && { details }) },
});

describe('the limits of v2', () => {
  /** A new member of the workspace, with a plan. */
  const member = async (userId: string, plan: 'free' | 'pro') => {
    await gateway.user(userId, plan);
    await gateway.happened('MemberAdded', { workspaceId: 'ws1', userId, role: 'read' });
    return gateway.key({ ownerId: userId });
  };
  const refusedOf = (userId: string, code: string) =>
    eventually(() => {
      const refused = gateway.runEvents.filter(
        ({ type, data }) =>
          type === 'RunFinished' &&
          (data as { payerUserId: string; status: string }).payerUserId === userId &&
          (data as { status: string }).status === 'refused',
      );
      expect(refused.length).toBeGreaterThan(0);
      expect(refused[0]!.data).toMatchObject({ costMicros: 0, billable: false, error: { code } });
      return refused.length;
    });

  test('a payer without tokens is told when to come back, and the attempt is logged at no cost', async () => {
    const key = await member('rex', 'pro');
    await gateway.happened('PlanChanged', { userId: 'rex', plan: 'max' });
    const first = await execute(echo, key);
    expect([first.status, first.headers.get('x-ratelimit-limit'), first.headers.get('x-ratelimit-remaining')]).toEqual([
      200,
      '2',
      '1',
    ]);
    expect(first.headers.get('x-ratelimit-reset')).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/);
    await execute(echo, key);
    const limited = await execute(echo, key);
    expect(limited.status).toBe(429);
    expect(limited.json).toEqual(
      error('RATE_LIMITED', 'API rate limit exceeded', { retryAfter: limited.headers.get('x-ratelimit-reset') }),
    );
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    await refusedOf('rex', 'RATE_LIMIT_EXCEEDED');
  });

  test.each(['v1', 'v2'])(
    'of 50 calls at once at a budget’s edge exactly those run that it pays for (%s)',
    async (version) => {
      const userId = `edge-${version}`;
      const key = await member(userId, 'free');
      // The allowance is 20 runs; 18 are used up.
      for (let run = 0; run < 18; run += 1) expect((await gateway.execute(echo, key)).status).toBe(200);
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => (version === 'v1' ? gateway.execute(echo, key) : execute(echo, key))),
      );
      const statuses = answers.map(({ status }) => status);
      expect([
        statuses.filter((status) => status === 200).length,
        statuses.filter((status) => status === 402).length,
      ]).toEqual([2, 48]);
      const text =
        'Usage limit exceeded: $0.10 used of $0.10 limit. Please upgrade your plan or raise the limit to continue.';
      const refusal =
        version === 'v1' ? { error: text, code: 'USAGE_LIMIT_EXCEEDED' } : error('USAGE_LIMIT_EXCEEDED', text);
      expect(answers.find(({ status }) => status === 402)!.json).toEqual(refusal);
      await eventually(() => {
        const billed = gateway.runEvents.filter(
          ({ type, data }) => type === 'RequestBilled' && (data as { payerUserId: string }).payerUserId === userId,
        );
        expect(billed).toHaveLength(20);
      });
      await eventually(async () => expect(await refusedOf(userId, 'USAGE_LIMIT_EXCEEDED')).toBe(48));
    },
  );

  test('an address that keeps calling without a usable key is held back, a usable key from there is not', async () => {
    const statuses = new Map<number, number>();
    for (let round = 0; round < 13; round += 1) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => execute(echo, 'sk-sim-nonsense')));
      for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(statuses)).toEqual({ 401: 600, 429: 50 });
    const held = await gateway.send('GET', '/api/v2/meta');
    expect([held.status, held.json.error.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await execute(echo, personal)).status).toBe(200);
    expect((await gateway.execute(echo, 'sk-sim-nonsense')).status).toBe(401);
  });
});
