import { createHmac } from 'node:crypto';
import { KeysUnderTest, PASSWORD } from './keys-under-test.js';

let keys: KeysUnderTest;
beforeAll(async () => void (keys = await KeysUnderTest.start({ SIGN_IN_FAILURES_MAX: '3' })));
afterAll(() => keys.dispose());

let count = 0;
const newAccount = () => ({ name: 'Ada', email: `a${++count}@example.com`, password: PASSWORD });
const SIGN_UP = '/api/auth/sign-up/email';
const SIGN_IN = '/api/auth/sign-in/email';

describe('signing up and in', () => {
  test('signs in at once, with a cookie that scripts and foreign forms cannot use', async () => {
    const browser = keys.browser();
    const account = newAccount();
    const answer = await browser.send('POST', SIGN_UP, account);

    expect(answer.status).toBe(200);
    expect(answer.body.user).toMatchObject({ name: 'Ada', email: account.email, emailVerified: false });
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^better-auth\.session_token=/);
    expect(cookie).toMatch(/; HttpOnly/i);
    expect(cookie).toMatch(/; SameSite=Lax/i);
    expect(cookie).toMatch(/; Max-Age=604800/i);
    expect(cookie).not.toMatch(/; Secure/i);
    const session = await browser.ok('GET', '/api/auth/get-session');
    expect(session.user.id).toBe(answer.body.user.id);
    expect(await keys.facts('UserRegistered')).toContainEqual(
      expect.objectContaining({ userId: answer.body.user.id, email: account.email, name: 'Ada', plan: 'free' }),
    );
  });

  test('behind https the cookie is for https alone', async () => {
    const secure = await KeysUnderTest.start({ PUBLIC_URL: 'https://tollgate.example.com' });
    try {
      const answer = await secure.browser().send('POST', SIGN_UP, newAccount());
      expect(answer.headers.getSetCookie()[0]).toMatch(/^__Secure-better-auth\.session_token=.*; Secure/i);
    } finally {
      await secure.dispose();
    }
  });

  test('an address is one account, in whatever case it is typed, also when two sign up at once', async () => {
    const account = newAccount();
    const both = [account, { ...account, email: account.email.toUpperCase() }];
    const answers = await Promise.all(both.map((wish) => keys.browser().send('POST', SIGN_UP, wish)));

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({
      error: 'User already exists. Use another email.',
      code: 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL',
    });
    const again = await keys.browser().send('POST', SIGN_UP, account);
    expect(again.body).toEqual(refused?.body);
    expect(again.status).toBe(409);
  });

  test('a session is renewed for a browser alone: not for whoever cannot keep its cookie', async () => {
    const browser = await keys.person();
    await keys.rows(
      `UPDATE keys."session" SET "expiresAt" = "expiresAt" - interval '2 days', "updatedAt" = "updatedAt" - interval '2 days'
       WHERE "userId" = $1`,
      [browser.userId],
    );
    const expiresAt = async (query: string) =>
      Date.parse((await browser.ok('GET', `/api/auth/get-session${query}`)).session.expiresAt);

    const before = await expiresAt('?disableRefresh=true');
    expect(before).toBeLessThan(Date.now() + 6 * 24 * 60 * 60 * 1000);
    expect(await expiresAt('?disableRefresh=true')).toBe(before);
    expect(await expiresAt('')).toBeGreaterThan(before);
    expect((await browser.send('GET', '/api/auth/get-session?disableRefresh=x')).status).toBe(400);
  });

  test('a sign-out ends the session at once, for a copy of its cookie too', async () => {
    const browser = await keys.person();
    const copy = { cookie: browser.cookie };
    expect((await keys.browser().send('GET', '/api/workspaces', undefined, copy)).status).toBe(200);

    expect((await browser.send('POST', '/api/auth/sign-out', {})).body).toEqual({ success: true });

    expect(browser.cookies.size).toBe(0);
    expect((await keys.browser().send('GET', '/api/workspaces', undefined, copy)).status).toBe(401);
    expect((await keys.browser().send('GET', '/api/auth/get-session', undefined, copy)).text).toBe('null');
  });

  test('a sign-in makes a session of its own', async () => {
    const account = newAccount();
    await keys.browser().ok('POST', SIGN_UP, account);
    const browser = keys.browser();
    await browser.ok('POST', SIGN_IN, { email: account.email.toUpperCase(), password: PASSWORD });
    expect((await browser.ok('GET', '/api/auth/get-session')).user.email).toBe(account.email);
  });

  test('a closed sign-up says so, and the operator still makes accounts', async () => {
    const closed = await KeysUnderTest.start({ SIGN_UP: 'closed' });
    try {
      const account = newAccount();
      const refused = await closed.browser().send('POST', SIGN_UP, account);
      expect(refused.status).toBe(403);
      expect(refused.body).toEqual({
        error: 'Sign-up is closed. Ask the operator for an account.',
        code: 'FORBIDDEN',
      });
      expect((await closed.operate('POST', '/users', account)).status).toBe(200);
      await closed.browser().ok('POST', SIGN_IN, account);
    } finally {
      await closed.dispose();
    }
  });
});

describe('sessions', () => {
  test('a session is renewed together with its cookie, never without it', async () => {
    const browser = await keys.person();
    const DUE = "now() + interval '5 days'";
    await keys.rows(`UPDATE keys."session" SET "expiresAt" = ${DUE} WHERE "userId" = $1`, [browser.userId]);
    const daysLeft = async () => {
      const [row] = await keys.rows<{ days: number }>(
        `SELECT round(extract(epoch FROM "expiresAt" - now()) / 86400)::int AS days FROM keys."session" WHERE "userId" = $1`,
        [browser.userId],
      );
      return row?.days;
    };
    const used = await browser.send('GET', '/api/workspaces');
    expect([used.status, used.headers.getSetCookie(), await daysLeft()]).toEqual([200, [], 5]);
    const asked = await browser.send('GET', '/api/auth/get-session');
    expect([asked.headers.getSetCookie().length, await daysLeft()]).toEqual([1, 7]);
  });

  test.each([
    ['none', ''],
    ['a made up token', 'better-auth.session_token=abcdefghijklmnopqrstuvwxyz012345.c2lnbmF0dXJl'],
    ['bytes that decode to nothing', 'better-auth.session_token=%E0%A4%A'],
    ['10 kB', `better-auth.session_token=${'x'.repeat(10_000)}`],
    ['latin-1 bytes', 'better-auth.session_token=\u00e9\u00ff'],
  ])('a cookie with %s is nobody', async (_name, cookie) => {
    const answer = await keys.browser().send('GET', '/api/users/me/api-keys', undefined, { ...(cookie && { cookie }) });
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({ error: 'Unauthorized', code: 'UNAUTHORIZED' });
  });

  test('a cookie with one character changed, or signed with another secret, is nobody', async () => {
    const browser = await keys.person();
    const [name, value] = [...browser.cookies][0] as [string, string];
    const [token = '', signature = ''] = decodeURIComponent(value).split('.');
    const forged = createHmac('sha256', 'another secret').update(token).digest('base64');
    const tampered = [
      `${token.slice(0, -1)}${token.endsWith('a') ? 'b' : 'a'}.${signature}`,
      `${token}.${forged}`,
      token,
      `${token}.`,
    ];
    for (const text of tampered) {
      const cookie = `${name}=${encodeURIComponent(text)}`;
      expect((await keys.browser().send('GET', '/api/workspaces', undefined, { cookie })).status).toBe(401);
    }
    await browser.ok('GET', '/api/workspaces');
  });

  test('an expired session is nobody', async () => {
    const browser = await keys.person();
    await keys.rows(`UPDATE keys."session" SET "expiresAt" = now() - interval '1 second' WHERE "userId" = $1`, [
      browser.userId,
    ]);
    expect((await browser.send('GET', '/api/workspaces')).status).toBe(401);
  });

  test('an API key is no session', async () => {
    const browser = await keys.person();
    const { key } = await browser.personalKey('mine');
    const answer = await keys.browser().send('GET', '/api/users/me/api-keys', undefined, { 'x-api-key': key });
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({ error: 'Unauthorized', code: 'UNAUTHORIZED' });
  });
});

describe('guessing', () => {
  test('an account that does not exist answers like one that does, up to the lock and in it', async () => {
    const account = newAccount();
    await keys.browser().ok('POST', SIGN_UP, account);
    const guess = async (email: string) => {
      const { status, text, headers } = await keys.browser().send('POST', SIGN_IN, { email, password: 'wrong guess' });
      return { status, text, waits: headers.has('retry-after') };
    };
    const known = [];
    const unknown = [];
    for (let nth = 0; nth < 4; nth++) {
      known.push(await guess(account.email));
      unknown.push(await guess('nobody@example.com'));
    }
    expect(unknown).toEqual(known);
    expect(known.map(({ status }) => status)).toEqual([401, 401, 401, 429]);
    expect(known[3]?.waits).toBe(true);
    const right = await keys.browser().send('POST', SIGN_IN, { ...account });
    expect(right.status).toBe(429);
    expect(right.body).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(850);
  });

  test('an address has its tries a minute; sign-ups do not eat them', async () => {
    const strict = await KeysUnderTest.start({ SIGN_IN_TRIES_PER_MINUTE: '3' });
    try {
      const account = newAccount();
      await strict.browser().ok('POST', SIGN_UP, account);
      const statuses = [];
      for (let nth = 0; nth < 4; nth++) statuses.push((await strict.browser().send('POST', SIGN_IN, account)).status);
      expect(statuses).toEqual([200, 200, 200, 429]);
    } finally {
      await strict.dispose();
    }
  });
});

describe('what is served', () => {
  test.each([
    ['POST', '/api/auth/sign-in/social'],
    ['POST', '/api/auth/request-password-reset'],
    ['POST', '/api/auth/update-user'],
    ['POST', '/api/auth/delete-user'],
    ['POST', '/api/auth/change-email'],
    ['GET', '/api/auth/list-sessions'],
    ['GET', '/api/auth/ok'],
    ['GET', '/api/auth'],
    ['GET', '/api/auth/sign-up/email'],
    ['GET', '/api/auth/../auth/list-sessions'],
  ])('%s %s is not there', async (method, path) => {
    const browser = await keys.person();
    const answer = await browser.send(method, path, method === 'POST' ? {} : undefined);
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('bad input', () => {
  test.each([
    ['not JSON', '{"email":', 'application/json', 400, 'INVALID_JSON'],
    ['not UTF-8 JSON text', '\u0000', 'application/json', 400, 'INVALID_JSON'],
    ['a form', 'email=a%40b.c', 'application/x-www-form-urlencoded', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['plain text', '{}', 'text/plain', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['more than 64 KiB', JSON.stringify({ name: 'x'.repeat(70_000) }), 'application/json', 413, 'PAYLOAD_TOO_LARGE'],
    ['an array', '[]', 'application/json', 400, 'VALIDATION_ERROR'],
    ['null', 'null', 'application/json', 400, 'VALIDATION_ERROR'],
    ['a number', '5', 'application/json', 400, 'VALIDATION_ERROR'],
  ])('%s', async (_name, body, type, status, code) => {
    for (const path of [SIGN_UP, SIGN_IN]) {
      const answer = await keys.browser().send('POST', path, body, { 'content-type': type });
      expect([answer.status, answer.body?.code]).toEqual([status, code]);
      expect(typeof answer.body.error).toBe('string');
    }
  });

  test.each([
    ['name', { name: '  ' }],
    ['name', { name: 'x'.repeat(101) }],
    ['name', { name: 'a\u0007b' }],
    ['name', { name: 7 }],
    ['email', { email: 'nobody' }],
    ['email', { email: `${'x'.repeat(250)}@example.com` }],
    ['email', { email: { $ne: null } }],
    ['email', { email: 'a\u0000@example.com' }],
    ['password', { password: 'short' }],
    ['password', { password: 'x'.repeat(129) }],
    ['password', { password: null }],
  ])('a faulty %s is named: %j', async (field, change) => {
    const answer = await keys.browser().send('POST', SIGN_UP, { ...newAccount(), ...change });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      code: 'VALIDATION_ERROR',
      details: [expect.objectContaining({ path: [field] })],
    });
  });

  test('members that are not ours to set are not set', async () => {
    const account = newAccount();
    const { user } = await keys.browser().ok('POST', SIGN_UP, {
      ...account,
      emailVerified: true,
      id: 'chosen',
      image: 'javascript:alert(1)',
      callbackURL: 'https://evil.example.com',
    });
    expect(user).toMatchObject({ emailVerified: false, image: null });
    expect(user.id).not.toBe('chosen');
  });
});
