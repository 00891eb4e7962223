import { digestKey, mintKey } from '@tollgate/api-key';
import { Admission, Directory, Quota } from '@tollgate/access';
import type { EventData, EventType, NewEvent, UsageLimits } from '@tollgate/contracts';
import { eventually } from '@tollgate/testing';
import { ANNA, billed, BORIS } from './billed-runs.js';
import { asAnna, type BillingUnderTest, PEPPER, startBilling } from './billing-under-test.js';

const PATH = '/api/users/me/usage-limits';
const REFUSED = { status: 401, json: { error: 'Authentication required', code: 'AUTHENTICATION_REQUIRED' } };

let eventCount = 0;
function fact<T extends EventType>(type: T, data: Omit<EventData<T>, 'actor'>): NewEvent {
  const nth = (eventCount += 1);
  const envelope = {
    id: `fact-${nth}`,
    type,
    source: '/tollgate/keys',
    subject: 'test',
    time: new Date().toISOString(),
  };
  return { ...envelope, data: { ...data, actor: { type: 'system', id: 'test' } } } as unknown as NewEvent;
}

describe('GET /api/users/me/usage-limits', () => {
  const personal = mintKey();
  const workspace = mintKey();
  const revoked = mintKey();
  let billing: BillingUnderTest;

  const key = (text: string, keyId: string, owner: { ownerId: string } | { workspaceId: string }) =>
    fact('KeyCreated', {
      keyId,
      digest: digestKey(text, PEPPER),
      kind: 'ownerId' in owner ? 'personal' : 'workspace',
      name: keyId,
      ownerId: 'ownerId' in owner ? owner.ownerId : null,
      workspaceId: 'workspaceId' in owner ? owner.workspaceId : null,
      displayKey: 'sk-sim-...abcd',
      expiresAt: null,
    });

  beforeEach(async () => {
    billing = await startBilling();
    await billing.happened(
      fact('UserRegistered', { ...ANNA, plan: 'free' }),
      fact('UserRegistered', { ...BORIS, plan: 'pro' }),
      fact('WorkspaceCreated', {
        workspaceId: 'ws1',
        name: 'Research',
        ownerId: BORIS.userId,
        billedAccountUserId: BORIS.userId,
        allowPersonalApiKeys: true,
      }),
      key(personal, 'kp', { ownerId: ANNA.userId }),
      key(workspace, 'kw', { workspaceId: 'ws1' }),
      key(revoked, 'kr', { ownerId: ANNA.userId }),
      fact('KeyRevoked', { keyId: 'kr', digest: digestKey(revoked, PEPPER), revokedAt: new Date().toISOString() }),
    );
  });
  afterEach(() => billing.stop());

  const limits = async (headers: Record<string, string>) => {
    const answer = await billing.get(PATH, headers);
    expect(answer.status).toBe(200);
    return answer.json as UsageLimits;
  };
  const isoInAMinute = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

  test('given a personal key, it shows its owner’s buckets, usage and plan, in the fields of both generations', async () => {
    expect(await limits({ 'x-api-key': personal })).toEqual({
      success: true,
      rateLimit: {
        sync: {
          isLimited: false,
          limit: 100,
          requestsPerMinute: 50,
          maxBurst: 100,
          remaining: 100,
          resetAt: isoInAMinute,
        },
        async: {
          isLimited: false,
          limit: 400,
          requestsPerMinute: 200,
          maxBurst: 400,
          remaining: 400,
          resetAt: isoInAMinute,
        },
        authType: 'api',
      },
      usage: { currentPeriodCost: 0, limit: 5, plan: 'free' },
      storage: { usedBytes: 0, limitBytes: 0, percentUsed: 0 },
    });
  });

  test('given a workspace key, it shows what is left to the workspace’s payer', async () => {
    const { rateLimit, usage } = await limits({ 'x-api-key': workspace });
    expect(rateLimit).toMatchObject({ sync: { requestsPerMinute: 150, maxBurst: 300 }, authType: 'api' });
    expect(usage.plan).toBe('pro');
  });

  test('given a session, it is the signed-in person’s, by hand', async () => {
    expect(await limits(asAnna)).toMatchObject({ rateLimit: { authType: 'manual' }, usage: { plan: 'free' } });
  });

  test('given a hundred looks, no token is gone; given a run, one is', async () => {
    for (let look = 0; look < 100; look += 1) await limits({ 'x-api-key': personal });
    expect((await limits({ 'x-api-key': personal })).rateLimit.sync.remaining).toBe(100);
    const admission = billing.running.app.get(Admission);
    await admission.admit({
      runId: 'r1',
      runIdClaimed: false,
      payerUserId: ANNA.userId,
      plan: 'free',
      usageLimitMicros: null,
      bucketId: ANNA.userId,
      bucket: 'sync',
      reserveMicros: 5_000,
      nowMs: Date.now(),
    });
    const { rateLimit, usage } = await limits({ 'x-api-key': personal });
    expect([rateLimit.sync.remaining, rateLimit.async.remaining, usage.currentPeriodCost]).toEqual([99, 400, 0.005]);
  });

  test('given an empty bucket, it is limited', async () => {
    const quota = billing.running.app.get(Quota);
    const take = { bucketIds: [ANNA.userId], bucket: 'sync' as const, plan: 'free' as const, nowMs: Date.now() };
    for (let taken = 0; taken < 100; taken += 1) await quota.take(take);
    expect((await limits({ 'x-api-key': personal })).rateLimit.sync).toMatchObject({ isLimited: true, remaining: 0 });
  });

  test('given runs that are billed, the usage is their exact cost', async () => {
    const admittedAt = new Date().toISOString();
    await billing.log.publish([billed('r1', { admittedAt }), billed('r2', { admittedAt, runnerMicros: 1 })]);
    await eventually(async () => {
      expect((await limits({ 'x-api-key': personal })).usage.currentPeriodCost).toBe(0.010001);
    });
  });

  test('given the operator’s own limit, it is shown; given none, the greatest number that clients hold', async () => {
    await billing.happened(fact('UsageLimitChanged', { userId: ANNA.userId, limitMicros: 12_500_000 }));
    expect((await limits({ 'x-api-key': personal })).usage.limit).toBe(12.5);
    expect((await limits({ 'x-api-key': workspace })).usage.limit).toBe(9007199254.740991);
  });

  test('given no usable credential, every case looks alike', async () => {
    const cases: Record<string, string>[] = [
      {},
      { 'x-api-key': '' },
      { 'x-api-key': revoked },
      { 'x-api-key': mintKey() },
      { 'x-api-key': 'x'.repeat(10_000) },
      { 'x-api-key': 'caf\u00e9' },
      { authorization: `Bearer ${personal}` },
      { cookie: 'person=nobody' },
      { ...asAnna, 'x-api-key': revoked },
    ];
    for (const headers of cases) {
      const { status, json } = await billing.get(PATH, headers);
      expect({ status, json }).toEqual(REFUSED);
    }
  });

  test('given suspended people, their own key is like any invalid one, and a key that they pay for is told why', async () => {
    await billing.happened(
      fact('UserSuspended', { userId: ANNA.userId }),
      fact('UserSuspended', { userId: BORIS.userId }),
    );
    const ofAnna = await billing.get(PATH, { 'x-api-key': personal });
    expect({ status: ofAnna.status, json: ofAnna.json }).toEqual(REFUSED);
    const ofWorkspace = await billing.get(PATH, { 'x-api-key': workspace });
    expect({ status: ofWorkspace.status, json: ofWorkspace.json }).toEqual({
      status: 403,
      json: { error: 'Account suspended', code: 'ACCOUNT_SUSPENDED' },
    });
  });

  test('given a directory that cannot be trusted, it is unavailable and never a wrong 401', async () => {
    const directory = billing.running.app.get(Directory) as unknown as { markUnready(reason: string): void };
    directory.markUnready('for the test');
    expect((await billing.get(PATH, { 'x-api-key': personal })).status).toBe(503);
  });

  test('given billing switched off, nothing is limited', async () => {
    await billing.stop();
    billing = await startBilling({ BILLING: 'off' });
    await billing.happened(
      fact('UserRegistered', { ...ANNA, plan: 'free' }),
      key(personal, 'kp', { ownerId: ANNA.userId }),
    );
    expect(await limits({ 'x-api-key': personal })).toMatchObject({
      rateLimit: { sync: { isLimited: false, remaining: Number.MAX_SAFE_INTEGER } },
      usage: { limit: 9007199254.740991 },
    });
  });
});
