import { digestKey, mintKey } from '@tollgate/api-key';
import {
  type EventData,
  type EventType,
  type NewEvent,
  v2BillingLogsSchema,
  v2BillingStatusSchema,
} from '@tollgate/contracts';
import { eventually } from '@tollgate/testing';
import { ANNA, billed, BORIS } from './billed-runs.js';
import { type BillingUnderTest, PEPPER, startBilling } from './billing-under-test.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

let eventCount = 0;
function fact<T extends EventType>(type: T, data: Omit<EventData<T>, 'actor'>): NewEvent {
  const envelope = {
    id: `fact-${(eventCount += 1)}`,
    type,
    source: '/tollgate/keys',
    subject: 'test',
    time: new Date().toISOString(),
  };
  return { ...envelope, data: { ...data, actor: { type: 'system', id: 'test' } } } as unknown as NewEvent;
}

const personal = mintKey();
const ofWorkspace = mintKey();
const foreign = mintKey();
let billing: BillingUnderTest;

/** Anna is a member of Boris's workspace ws1; five runs of hers, two of the workspace's key, one elsewhere. */
beforeAll(async () => {
  billing = await startBilling();
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
  await billing.happened(
    fact('UserRegistered', { ...ANNA, plan: 'enterprise' }),
    fact('UserRegistered', { ...BORIS, plan: 'pro' }),
    ...['ws1', 'ws2'].map((workspaceId) =>
      fact('WorkspaceCreated', {
        workspaceId,
        name: workspaceId,
        ownerId: BORIS.userId,
        billedAccountUserId: BORIS.userId,
        allowPersonalApiKeys: true,
      }),
    ),
    fact('MemberAdded', { workspaceId: 'ws1', userId: ANNA.userId, role: 'read' }),
    fact('UsageLimitChanged', { userId: ANNA.userId, limitMicros: 10_000_000 }),
    key(personal, 'kp', { ownerId: ANNA.userId }),
    key(ofWorkspace, 'kw', { workspaceId: 'ws1' }),
    key(foreign, 'kf', { workspaceId: 'ws2' }),
  );
  await billing.log.publish([
    ...[1, 2, 3, 4].map((nth) =>
      billed(`r${nth}`, { admittedAt: ago(nth * 60_000), runnerMicros: nth === 2 ? 3_000 : 0 }),
    ),
    billed('r5', { admittedAt: ago(40 * DAY_MS) }),
    billed('w1', { admittedAt: ago(90_000), payerUserId: BORIS.userId, actorUserId: null, keyKind: 'workspace' }),
    billed('w2', { admittedAt: ago(150_000), payerUserId: BORIS.userId, actorUserId: null, keyKind: 'workspace' }),
    billed('x1', { admittedAt: ago(30_000), workspaceId: 'ws9' }),
  ]);
  await eventually(async () => {
    const { rows } = await billing.database.pool.query('SELECT count(*)::int AS n FROM billing.ledger');
    expect(rows[0].n).toBe(8);
  });
});
afterAll(() => billing.stop());

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are judged member by member
const get = async (path: string, key: string): Promise<{ status: number; headers: Headers; json: any }> =>
  billing.get(`/api/v2/billing/${path}`, { 'x-api-key': key });
const runsOf = (json: { data: { runId: string }[] }) => json.data.map(({ runId }) => runId);

describe('GET /api/v2/billing/status', () => {
  test('tells the payer what is used and left, in credits', async () => {
    const { status, json, headers } = await get('status', personal);
    expect(status).toBe(200);
    expect(() => v2BillingStatusSchema.parse(json)).not.toThrow();
    const used = json.data.credits.used;
    expect(json.data).toEqual({
      workspaceId: null,
      period: {
        start: expect.stringMatching(/-01T00:00:00\.000Z$/),
        end: expect.stringMatching(/-01T00:00:00\.000Z$/),
      },
      plan: 'enterprise',
      status: 'active',
      credits: { used, limit: 2_000, remaining: 2_000 - used },
      storage: { usedBytes: 0, limitBytes: 0, percentUsed: 0 },
    });
    expect(headers.get('cache-control')).toBe('private, no-store');
    expect(headers.get('x-ratelimit-limit')).toBe('1000');
  });

  test('tells a workspace key the plan and state of its payer, never his credits', async () => {
    const { json } = await get('status?workspaceId=ws1', ofWorkspace);
    expect(json.data).toMatchObject({
      workspaceId: 'ws1',
      plan: 'pro',
      status: 'active',
      credits: null,
      storage: null,
    });
    expect((await get('status', ofWorkspace)).json.data).toEqual(json.data);
  });

  test('says so when the limit is reached and when the payer is suspended', async () => {
    await billing.happened(
      fact('UsageLimitChanged', { userId: ANNA.userId, limitMicros: 0 }),
      fact('UserSuspended', { userId: BORIS.userId }),
    );
    expect((await get('status', personal)).json.data).toMatchObject({
      status: 'limit_exceeded',
      credits: { remaining: 0 },
    });
    expect((await get('status', ofWorkspace)).json.data.status).toBe('billing_blocked');
    await billing.happened(
      fact('UsageLimitChanged', { userId: ANNA.userId, limitMicros: 10_000_000 }),
      fact('UserReinstated', { userId: BORIS.userId }),
    );
  });

  test('conceals what is not the caller’s', async () => {
    for (const [key, workspaceId] of [
      [ofWorkspace, 'ws2'],
      [personal, 'ws2'],
      [personal, 'nothing'],
    ] as const) {
      for (const path of [`status?workspaceId=${workspaceId}`, `logs?workspaceId=${workspaceId}`]) {
        const { status, json } = await get(path, key);
        expect([status, json]).toEqual([404, { error: { code: 'NOT_FOUND', message: 'Workspace not found' } }]);
      }
    }
  });
});

describe('GET /api/v2/billing/logs', () => {
  test('shows a personal key what its owner pays, newest first, of the last 30 days', async () => {
    const { status, json } = await get('logs', personal);
    expect(status).toBe(200);
    expect(() => v2BillingLogsSchema.parse(json)).not.toThrow();
    expect([runsOf(json), json.scope, json.nextCursor]).toEqual([['x1', 'r1', 'r2', 'r3', 'r4'], 'user', null]);
    expect(json.data[1]).toEqual({
      id: 'r1:billed',
      createdAt: expect.stringMatching(/Z$/),
      source: 'workflow',
      workspaceId: 'ws1',
      workflow: { id: 'wf1', name: 'Summary' },
      runId: 'r1',
      creditCost: 1,
    });
    // 5,000 × 5 + 3,000 micro-dollars are 5.6 credits.
    expect(json.data.reduce((sum: number, { creditCost }: { creditCost: number }) => sum + creditCost, 0)).toBe(6);
  });

  test('shows a workspace key all that its workspace used, whoever pays', async () => {
    const { json } = await get('logs', ofWorkspace);
    expect([runsOf(json), json.scope]).toEqual([['r1', 'w1', 'r2', 'w2', 'r3', 'r4'], 'workspace']);
    expect(runsOf((await get('logs', foreign)).json)).toEqual([]);
  });

  test.each([
    ['period=all', ['x1', 'r1', 'r2', 'r3', 'r4', 'r5']],
    ['period=1d', ['x1', 'r1', 'r2', 'r3', 'r4']],
    ['workspaceId=ws1', ['r1', 'r2', 'r3', 'r4']],
    ['source=workflow', ['x1', 'r1', 'r2', 'r3', 'r4']],
    ['source=voice-input', []],
    [`period=custom&startDate=${ago(50 * DAY_MS)}&endDate=${ago(10 * DAY_MS)}`, ['r5']],
    [`period=custom&startDate=${ago(150_000)}`, ['x1', 'r1', 'r2']],
  ])('with %s gives %j', async (query, runs) =>
    expect(runsOf((await get(`logs?${query}`, personal)).json)).toEqual(runs),
  );

  test('is walked page by page, each page summing to its own rounded total', async () => {
    const met: string[] = [];
    let query = 'logs?limit=2&period=all';
    for (let page = 0; page < 3; page += 1) {
      const { json } = await get(query, personal);
      met.push(...runsOf(json));
      query = `logs?limit=2&period=all&cursor=${json.nextCursor}`;
      if (page === 2) expect(json.nextCursor).toBeNull();
    }
    expect(met).toEqual(['x1', 'r1', 'r2', 'r3', 'r4', 'r5']);
    const { json } = await get('logs?limit=2', personal);
    const { status, json: refused } = await get(`logs?limit=2&period=all&cursor=${json.nextCursor}`, personal);
    expect([status, refused.error.message]).toEqual([
      400,
      'cursor does not match the requested filters. Restart pagination without a cursor after changing a filter.',
    ]);
  });

  test.each([
    ['period=custom', 'startDate is required with period=custom'],
    ['startDate=2026-11-01T00:00:00Z', 'startDate requires period=custom'],
    ['period=7d&endDate=2026-11-01T00:00:00Z', 'endDate requires period=custom'],
    [
      'period=custom&startDate=2026-11-02T00:00:00Z&endDate=2026-11-01T00:00:00Z',
      'endDate must not be before startDate',
    ],
    ['period=custom&startDate=2026-11-02', 'startDate must be a UTC ISO 8601 timestamp such as 2026-08-06T00:00:00Z'],
    ['limit=101', 'limit must be a whole number from 1 to 100'],
    ['period=', 'period must not be blank'],
    ['source=other', /^source must be one of workflow/],
    ['cursor=AAAA', 'cursor is not a valid pagination cursor. Restart pagination without a cursor.'],
    ['page=1', 'Unrecognized key: "page"'],
  ])('?%s is a 400 that says %s', async (query, message) => {
    const { status, json } = await get(`logs?${query}`, personal);
    expect([status, json.error.code]).toEqual([400, 'BAD_REQUEST']);
    expect(json.error.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });
});
