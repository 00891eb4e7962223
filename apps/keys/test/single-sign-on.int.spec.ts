import type { Browser } from './browser.js';
import { KeysUnderTest, PASSWORD } from './keys-under-test.js';
import { CLIENT_ID, CLIENT_SECRET, OidcIssuer, type Somebody } from '@tollgate/testing';

const BEGIN = '/api/auth/sign-in/social';
let issuer: OidcIssuer;
let keys: KeysUnderTest;
beforeAll(async () => {
  issuer = await OidcIssuer.start();
  keys = await KeysUnderTest.start({
    OIDC_ISSUER: issuer.url,
    OIDC_CLIENT_ID: CLIENT_ID,
    OIDC_CLIENT_SECRET: CLIENT_SECRET,
    OIDC_NAME: 'Example Inc.',
  });
});
afterAll(async () => {
  await keys.dispose();
  issuer.stop();
});
beforeEach(() => void (issuer.forges = false));

let count = 0;
const newcomer = (more: Partial<Somebody> = {}): Somebody => {
  const nth = (count += 1);
  return { sub: `sub-${nth}`, email: `sso-${nth}@example.com`, email_verified: true, name: `Person ${nth}`, ...more };
};

/** To the provider's page and back, up to the path that the browser is sent back with. */
async function pathBack(browser: Browser, who: Somebody, callbackURL = '/keys'): Promise<string> {
  issuer.who = who;
  const { url } = await browser.ok('POST', BEGIN, { provider: 'oidc', callbackURL });
  const page = await fetch(url, { redirect: 'manual' });
  const back = new URL(page.headers.get('location') ?? '');
  // `PUBLIC_URL` of the tests is not where the service listens.
  return back.pathname + back.search;
}

async function signIn(browser: Browser, who: Somebody, callbackURL?: string) {
  const answer = await browser.send('GET', await pathBack(browser, who, callbackURL));
  return { status: answer.status, to: answer.headers.get('location') };
}

test('the page learns of the provider; without one configured there is none, and its routes answer 404', async () => {
  expect(await keys.browser().ok('GET', '/api/auth/providers')).toEqual({
    password: true,
    signUp: 'open',
    providers: [{ id: 'oidc', name: 'Example Inc.' }],
  });
  const plain = await KeysUnderTest.start({ SIGN_UP: 'closed' });
  try {
    const browser = plain.browser();
    expect(await browser.ok('GET', '/api/auth/providers')).toEqual({ password: true, signUp: 'closed', providers: [] });
    expect((await browser.send('POST', BEGIN, { provider: 'oidc' })).status).toBe(404);
    expect((await browser.send('GET', '/api/auth/callback/oidc?code=a&state=b')).status).toBe(404);
  } finally {
    await plain.dispose();
  }
});

test('a newcomer signs in by redirect and is a person with a session at once', async () => {
  const browser = keys.browser();
  const who = newcomer();

  expect(await signIn(browser, who, '/keys?tab=mine')).toEqual({ status: 302, to: '/keys?tab=mine' });

  const { user } = await browser.ok('GET', '/api/auth/get-session');
  expect(user).toMatchObject({ email: who.email, name: who.name, emailVerified: true });
  expect(await keys.facts('UserRegistered')).toContainEqual(
    expect.objectContaining({ userId: user.id, email: who.email, name: who.name }),
  );
  await browser.workspace();
  expect((await browser.personalKey('laptop')).key).toMatch(/^sk-sim-/);
});

test('who comes again is the same person, and nothing of the provider’s tokens is kept', async () => {
  const who = newcomer();
  const [first, second] = [keys.browser(), keys.browser()];
  await signIn(first, who);
  await signIn(second, who);

  const ids = [first, second].map(async (browser) => (await browser.ok('GET', '/api/auth/get-session')).user.id);
  expect(new Set(await Promise.all(ids)).size).toBe(1);
  const rows = await keys.rows<Record<string, unknown>>(
    `SELECT "accessToken", "refreshToken", "idToken" FROM keys."account" WHERE "providerId" = 'oidc'`,
  );
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) expect(row).toEqual({ accessToken: null, refreshToken: null, idToken: null });
});

test('names and addresses are brought within our own rules', async () => {
  const browser = keys.browser();
  const who = newcomer({ name: `\u0000${'x'.repeat(300)}` });
  await signIn(browser, { ...who, email: who.email.toUpperCase() });

  const { user } = await browser.ok('GET', '/api/auth/get-session');
  expect(user).toMatchObject({ email: who.email, name: who.email.split('@')[0] });
});

describe('nobody gets in as somebody else', () => {
  const refused = (error: string) => ({ status: 302, to: expect.stringMatching(`^/sign-in\\?error=${error}`) });
  const noSession = async (browser: Browser) =>
    expect((await browser.send('GET', '/api/auth/get-session')).text).toBe('null');

  test('an account with a password and an unproven address is not taken over', async () => {
    const victim = newcomer();
    const body = { name: 'Early', email: victim.email, password: PASSWORD };
    await keys.browser().ok('POST', '/api/auth/sign-up/email', body);
    const browser = keys.browser();

    expect(await signIn(browser, victim)).toEqual(refused('account_not_linked'));
    await noSession(browser);
  });

  test('an account that the operator made is its owner’s, unless the provider has not proven the address', async () => {
    const who = newcomer();
    const made = await keys.operate('POST', '/users', { name: 'Made', email: who.email, password: PASSWORD });
    const browser = keys.browser();

    expect(await signIn(browser, { ...who, email_verified: false })).toEqual(refused('account_not_linked'));
    expect(await signIn(browser, who)).toEqual({ status: 302, to: '/keys' });
    expect((await browser.ok('GET', '/api/auth/get-session')).user.id).toBe(made.body.user.id);
  });

  test('a forged ID token', async () => {
    issuer.forges = true;
    const browser = keys.browser();
    const { status, to } = await signIn(browser, newcomer());
    expect([status, to?.startsWith('/sign-in?error=')]).toEqual([302, true]);
    await noSession(browser);
  });

  test('a way back in another browser, a second time, or with a made-up state', async () => {
    const [own, other] = [keys.browser(), keys.browser()];
    const path = await pathBack(own, newcomer());
    const made = path.replace(/state=[^&]+/, 'state=made-up');
    for (const [browser, way] of [
      [other, path],
      [own, made],
    ] as const) {
      const answer = await browser.send('GET', way);
      expect([answer.status, answer.headers.get('location')]).toEqual([
        302,
        expect.stringMatching(/^\/sign-in\?error=/),
      ]);
      await noSession(browser);
    }
    for (const way of ['', '?error=access_denied', '?code=x']) {
      const answer = await keys.browser().send('GET', `/api/auth/callback/oidc${way}`);
      expect([answer.status, answer.headers.get('location')]).toEqual([
        302,
        expect.stringMatching(/^\/sign-in\?error=/),
      ]);
    }
  });

  test('a suspended person, who is told so', async () => {
    const who = newcomer();
    const before = keys.browser();
    await signIn(before, who);
    const { user } = await before.ok('GET', '/api/auth/get-session');
    await keys.operate('POST', `/users/${user.id}/suspend`);
    const browser = keys.browser();

    expect(await signIn(browser, who)).toEqual({ status: 302, to: '/sign-in?error=account_suspended' });
    await noSession(browser);
  });
});

test.each([
  [{ provider: 'github' }, 'provider'],
  [{ provider: 'oidc', callbackURL: 'https://evil.example/' }, 'callbackURL'],
  [{ provider: 'oidc', callbackURL: '//evil.example/' }, 'callbackURL'],
  [{ provider: 'oidc', callbackURL: '/\\evil.example/' }, 'callbackURL'],
  [{ provider: 'oidc', callbackURL: '' }, 'callbackURL'],
])('a request that would lead elsewhere is refused by name: %j', async (body, field) => {
  const answer = await keys.browser().send('POST', BEGIN, body);
  expect([answer.status, answer.body.details[0].path]).toEqual([400, [field]]);
});

test('a foreign page cannot begin a sign-in', async () => {
  const answer = await keys.browser().send('POST', BEGIN, { provider: 'oidc' }, { origin: 'https://evil.example' });
  expect([answer.status, answer.body.code]).toEqual([403, 'CSRF']);
});
