import { Directory, KeyAuthenticator } from '@tollgate/access';
import type { Browser } from './browser.js';
import { KeysUnderTest, PASSWORD } from './keys-under-test.js';

let keys: KeysUnderTest;
beforeAll(async () => void (keys = await KeysUnderTest.start()));
afterAll(() => keys.dispose());

let count = 0;
const account = () => ({ name: 'Otto', email: `otto${++count}@example.com`, password: PASSWORD });
const entry = (userId: string) => keys.running.app.get(Directory).read('user', userId);
const callerOf = (key: string) => keys.running.app.get(KeyAuthenticator).authenticate(key);
const UNKNOWN = { error: 'User not found', code: 'NOT_FOUND' };

test('the operator makes an account that can sign in, and finds it by its address', async () => {
  const wish = account();
  const made = await keys.operate('POST', '/users', wish);

  expect(made.status).toBe(200);
  const { user } = made.body;
  expect(made.body).toEqual({
    success: true,
    user: {
      id: expect.any(String),
      email: wish.email,
      name: 'Otto',
      plan: 'free',
      suspended: false,
      usageLimitUsd: null,
      createdAt: expect.stringMatching(/Z$/),
    },
  });
  expect(made.text).not.toContain(PASSWORD);
  expect(await entry(user.id)).toMatchObject({ email: wish.email, plan: 'free', suspended: false });
  const found = await keys.operate('GET', `/users?email=${wish.email.toUpperCase()}`);
  expect(found.body).toEqual({ success: true, user });
  const browser = keys.browser();
  await browser.ok('POST', '/api/auth/sign-in/email', wish);
  await browser.ok('GET', '/api/workspaces');
});

test('an address is one account, also when the operator and its owner make it at once', async () => {
  const wish = account();
  const answers = await Promise.all([
    keys.operate('POST', '/users', wish),
    keys.operate('POST', '/users', wish),
    keys.browser().send('POST', '/api/auth/sign-up/email', wish),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  expect((await keys.operate('POST', '/users', wish)).body).toEqual({
    error: 'An account with this email already exists',
    code: 'CONFLICT',
  });
  expect(await keys.rows('SELECT 1 FROM keys.person WHERE email = $1', [wish.email])).toHaveLength(1);
});

test('plan and limit reach the directory; null goes back to the plan', async () => {
  const { id } = (await keys.operate('POST', '/users', account())).body.user;
  const planned = await keys.operate('PUT', `/users/${id}/plan`, { plan: 'pro' });
  expect(planned.body).toMatchObject({ success: true, user: { id, plan: 'pro' } });
  expect(await entry(id)).toMatchObject({ plan: 'pro' });
  for (const [usd, micros, shown] of [
    ['12.5', 12_500_000, '12.500000'],
    ['0', 0, '0.000000'],
    ['999999999.999999', 999_999_999_999_999, '999999999.999999'],
    [null, null, null],
  ] as const) {
    const limited = await keys.operate('PUT', `/users/${id}/usage-limit`, { usd });
    expect(limited.body).toMatchObject({ success: true, user: { id, usageLimitUsd: shown } });
    expect(await entry(id)).toMatchObject({ usageLimitMicros: micros });
  }
});

test.each([
  ['plan', 'plan', { plan: 'gold' }],
  ['plan', 'plan', {}],
  ['usage-limit', 'usd', {}],
  ['usage-limit', 'usd', { usd: 5 }],
  ['usage-limit', 'usd', { usd: '-1' }],
  ['usage-limit', 'usd', { usd: '0.0000001' }],
  ['usage-limit', 'usd', { usd: '1e3' }],
  ['usage-limit', 'usd', { usd: 'NaN' }],
  ['usage-limit', 'usd', { usd: '10000000000' }],
])('PUT %s with a faulty %s is 400 and names it: %j', async (route, field, body) => {
  const { id } = (await keys.operate('POST', '/users', account())).body.user;
  const answer = await keys.operate('PUT', `/users/${id}/${route}`, body);
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({
    code: 'VALIDATION_ERROR',
    details: [expect.objectContaining({ path: [field] })],
  });
});

test('faulty accounts and addresses are 400 and named', async () => {
  for (const [field, change] of [
    ['name', { name: '' }],
    ['email', { email: 'nobody' }],
    ['password', { password: 'short' }],
  ] as const) {
    const answer = await keys.operate('POST', '/users', { ...account(), ...change });
    expect(answer.status).toBe(400);
    expect(answer.body.details).toEqual([expect.objectContaining({ path: [field] })]);
  }
  for (const query of ['', '?email=', '?email=nobody', '?email=a%00@example.com', '?email=a@b.de&email=c@d.de']) {
    const answer = await keys.operate('GET', `/users${query}`);
    expect([query, answer.status]).toEqual([query, 400]);
  }
});

test('an unknown person is 404 on every route', async () => {
  for (const id of ['unknown', 'a%00b', 'x'.repeat(200)]) {
    for (const [method, route, body] of [
      ['PUT', 'plan', { plan: 'pro' }],
      ['PUT', 'usage-limit', { usd: null }],
      ['POST', 'suspend', undefined],
      ['POST', 'unsuspend', undefined],
    ] as const) {
      const answer = await keys.operate(method, `/users/${id}/${route}`, body);
      expect([route, answer.status, answer.body]).toEqual([route, 404, UNKNOWN]);
    }
  }
  expect((await keys.operate('GET', '/users?email=unknown@example.com')).body).toEqual(UNKNOWN);
});

describe('suspending', () => {
  let person: Browser;
  beforeEach(async () => void (person = await keys.person('Sus')));

  test('ends sessions at once, refuses the personal keys at once, and lets nobody sign in; lifting it gives it back', async () => {
    const { key } = await person.personalKey('mine');
    const workspaceId = await person.workspace();
    const { key: ours } = await person.workspaceKey(workspaceId, 'ours');
    expect(await callerOf(key)).toMatchObject({ kind: 'key' });

    const answer = await keys.operate('POST', `/users/${person.userId}/suspend`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ success: true, user: { suspended: true }, receipt: { fenced: [] } });

    expect(await callerOf(key)).toEqual({ kind: 'invalid' });
    expect(await callerOf(ours)).toMatchObject({ kind: 'key', keyKind: 'workspace' });
    expect((await person.send('GET', '/api/users/me/api-keys')).status).toBe(401);
    expect((await person.send('GET', '/api/auth/get-session')).text).toBe('null');
    expect(await keys.rows('SELECT 1 FROM keys."session" WHERE "userId" = $1', [person.userId])).toEqual([]);
    const refused = await keys
      .browser()
      .send('POST', '/api/auth/sign-in/email', { email: person.email, password: PASSWORD });
    expect([refused.status, refused.body]).toEqual([403, { error: 'Account suspended', code: 'ACCOUNT_SUSPENDED' }]);
    expect(refused.headers.getSetCookie()).toEqual([]);
    const again = await keys.operate('POST', `/users/${person.userId}/suspend`);
    expect(again.body).toEqual({ success: true, user: answer.body.user });

    const lifted = await keys.operate('POST', `/users/${person.userId}/unsuspend`);
    expect(lifted.body).toMatchObject({ success: true, user: { suspended: false } });
    expect(await callerOf(key)).toMatchObject({ kind: 'key' });
    expect((await person.send('GET', '/api/workspaces')).status).toBe(401);
    await person.ok('POST', '/api/auth/sign-in/email', { email: person.email, password: PASSWORD });
    await person.ok('GET', '/api/workspaces');
  });

  test('a session that began while the suspension was on its way is worth nothing, then and later', async () => {
    const signIns = Array.from({ length: 8 }, () => keys.browser());
    const body = { email: person.email, password: PASSWORD };
    await Promise.all([
      ...signIns.map((browser) => browser.send('POST', '/api/auth/sign-in/email', body)),
      keys.operate('POST', `/users/${person.userId}/suspend`),
    ]);
    for (const browser of signIns) expect((await browser.send('GET', '/api/workspaces')).status).toBe(401);
    await keys.operate('POST', `/users/${person.userId}/unsuspend`);
    for (const browser of signIns) expect((await browser.send('GET', '/api/workspaces')).status).toBe(401);
  });
});

test('without the key it is 401, with a wrong one too; a session and an API key are none', async () => {
  const person = await keys.person();
  const { key } = await person.personalKey('mine');
  const tries = [
    await keys.browser().send('POST', '/api/v1/admin/users', account()),
    await keys.operate('POST', '/users', account(), 'wrong'),
    await keys.operate('POST', '/users', account(), ''),
    await person.send('GET', `/api/v1/admin/users?email=${person.email}`),
    await keys.browser().send('GET', '/api/v1/admin/users?email=a@b.de', undefined, { 'x-api-key': key }),
  ];
  for (const answer of tries) {
    expect([answer.status, answer.body]).toEqual([401, { error: 'Unauthorized', code: 'UNAUTHORIZED' }]);
  }
});

test('until ADMIN_API_KEY is set the routes are not there', async () => {
  const off = await KeysUnderTest.start({ ADMIN_API_KEY: '' });
  try {
    expect((await off.operate('POST', '/users', account())).status).toBe(404);
    expect((await off.operate('GET', '/users?email=a@b.de', undefined, '')).status).toBe(404);
  } finally {
    await off.dispose();
  }
});

test('the operator sees who may be admitting callers; nobody else does', async () => {
  const { status, body } = await keys.operate('GET', '/gateways');
  expect([status, body]).toEqual([
    200,
    {
      success: true,
      gateways: [
        { id: 'embedded', applied: 0, lag: 0, appliedAt: expect.stringMatching(/Z$/), leaseMs: null, beat: null },
      ],
    },
  ]);
  expect((await keys.operate('GET', '/gateways', undefined, 'wrong')).status).toBe(401);
});
