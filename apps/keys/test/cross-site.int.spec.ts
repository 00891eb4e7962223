import { Browser } from './browser.js';
import { KeysUnderTest, PASSWORD } from './keys-under-test.js';

let keys: KeysUnderTest;
beforeAll(async () => void (keys = await KeysUnderTest.start()));
afterAll(() => keys.dispose());

let count = 0;
const newAccount = () => ({ name: 'Ada', email: `site${++count}@example.com`, password: PASSWORD });
const SIGN_UP = '/api/auth/sign-up/email';
const SIGN_IN = '/api/auth/sign-in/email';

describe('other sites', () => {
  const foreign: [string, Record<string, string>][] = [
    ['a foreign origin', { origin: 'https://evil.example.com' }],
    ['an opaque origin', { origin: 'null' }],
    ['our host by another port', { origin: 'http://127.0.0.1:1' }],
    ['no origin and a cross-site fetch', { 'sec-fetch-site': 'cross-site' }],
    ['no origin and a same-site fetch', { 'sec-fetch-site': 'same-site' }],
  ];

  test.each(foreign)('%s may neither sign up, in nor out, nor change anything', async (_name, headers) => {
    const browser = await keys.person();
    const id = await browser.workspace();
    const tries: [string, string, unknown][] = [
      ['POST', SIGN_UP, newAccount()],
      ['POST', SIGN_IN, { email: browser.email, password: PASSWORD }],
      ['POST', '/api/auth/sign-out', {}],
      ['POST', '/api/workspaces', { name: 'Stolen' }],
      ['POST', '/api/users/me/api-keys', { name: 'stolen' }],
      ['PATCH', `/api/workspaces/${id}`, { allowPersonalApiKeys: false }],
      ['DELETE', `/api/workspaces/${id}/members/${browser.userId}`, undefined],
    ];
    for (const [method, path, body] of tries) {
      const answer = await browser.send(method, path, body, headers);
      expect([path, answer.status, answer.body.code]).toEqual([path, 403, 'CSRF']);
    }
    expect(await browser.ok('GET', '/api/users/me/api-keys')).toEqual({ keys: [] });
  });

  test('our own origin may, by any name of this machine, and so may a client without a browser', async () => {
    const byName = keys.running.url.replace('127.0.0.1', 'localhost');
    const local: [string, Record<string, string>][] = [
      [keys.running.url, { origin: keys.running.url }],
      [byName, { origin: byName }],
      [keys.running.url, { 'sec-fetch-site': 'same-origin' }],
      [keys.running.url, {}],
    ];
    for (const [url, headers] of local) {
      expect((await new Browser(url).send('POST', SIGN_UP, newAccount(), headers)).status).toBe(200);
    }
  });

  test('reading is not held back, and no answer opens itself to other origins', async () => {
    const browser = await keys.person();
    const answer = await browser.send('GET', '/api/workspaces', undefined, { origin: 'https://evil.example.com' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});
