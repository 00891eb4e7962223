import { createHash, randomBytes } from 'node:crypto';
import type { Browser } from './browser.js';
import { KeysUnderTest } from './keys-under-test.js';

const POLL = '/api/cli/auth/poll';
const APPROVE = '/api/cli/auth/approve';
const NAME = /^CLI \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\)$/;

/** What a command line makes up when it logs in. */
function newLogin() {
  const verifier = randomBytes(32).toString('base64url');
  return {
    request: randomBytes(32).toString('base64url'),
    verifier,
    challenge: createHash('sha256').update(verifier).digest('base64url'),
  };
}
type Login = ReturnType<typeof newLogin>;

describe('logging a command line in', () => {
  let service: KeysUnderTest;
  let ada: Browser;
  let eve: Browser;
  let workspaceId: string;
  beforeAll(async () => {
    service = await KeysUnderTest.start();
    [ada, eve] = await Promise.all([service.person('Ada'), service.person('Eve')]);
    workspaceId = await ada.workspace();
    await ada.join(workspaceId, eve, 'write');
  });
  afterAll(() => service.dispose());

  const poll = ({ request, verifier }: Partial<Login>) => service.browser().send('POST', POLL, { request, verifier });
  const approve = (who: Browser, { request, challenge }: Login, more: object = {}) =>
    who.send('POST', APPROVE, { request, challenge, scope: 'platform', ...more });

  test('pending until a person approves it, then a personal key, once', async () => {
    const login = newLogin();
    for (let polls = 0; polls < 2; polls += 1) {
      const { status, body } = await poll(login);
      expect([status, body]).toEqual([200, { status: 'pending' }]);
    }

    expect((await approve(ada, login)).body).toEqual({ ok: true });
    const collected = await poll(login);

    expect([collected.status, collected.body]).toEqual([
      200,
      {
        status: 'complete',
        key: { id: expect.any(String), apiKey: expect.stringMatching(/^sk-sim-[A-Za-z0-9]{32}$/) },
        scope: 'platform',
        workspaceId: null,
        workspaceBound: false,
      },
    ]);
    expect(collected.headers.get('cache-control')).toBe('no-store');
    const { keys } = await ada.ok('GET', '/api/users/me/api-keys');
    expect(keys).toMatchObject([{ id: collected.body.key.id, name: expect.stringMatching(NAME) }]);
    const again = await poll(login);
    expect([again.status, again.body]).toEqual([
      404,
      { error: 'This login request was used before. Please log in again.', code: 'NOT_FOUND' },
    ]);
  });

  test('a member may name the workspace to work in; a stranger may not', async () => {
    const login = newLogin();

    expect((await approve(await service.person('Mallory'), newLogin(), { workspaceId })).status).toBe(404);
    expect((await approve(eve, login, { workspaceId })).status).toBe(200);

    expect((await poll(login)).body).toMatchObject({ status: 'complete', workspaceId, workspaceBound: false });
  });

  test('an admin may bind the key to the workspace, nobody else', async () => {
    const login = newLogin();
    const bound = { workspaceId, bindKeyToWorkspace: true };

    const refused = await approve(eve, newLogin(), bound);
    await approve(ada, login, bound);
    const { body } = await poll(login);

    expect([refused.status, refused.body]).toEqual([403, { error: 'Forbidden', code: 'FORBIDDEN' }]);
    expect(body).toMatchObject({ status: 'complete', workspaceId, workspaceBound: true });
    const { keys } = await ada.ok('GET', `/api/workspaces/${workspaceId}/api-keys`);
    expect(keys).toMatchObject([{ id: body.key.id, name: expect.stringMatching(NAME), createdBy: ada.userId }]);
  });

  test('who is admin no more when it is collected gets no workspace key out of it', async () => {
    const login = newLogin();
    const once = await service.person('Otto');
    await ada.join(workspaceId, once, 'admin');
    await approve(once, login, { workspaceId, bindKeyToWorkspace: true });
    await ada.ok('DELETE', `/api/workspaces/${workspaceId}/members/${once.userId}`);

    expect((await poll(login)).status).toBe(403);
  });

  test('nor anybody who was suspended meanwhile', async () => {
    for (const more of [{}, { bindKeyToWorkspace: true }]) {
      const person = await service.person('Sven');
      const own = await person.workspace();
      const login = newLogin();
      await approve(person, login, { workspaceId: own, ...more });
      await service.operate('POST', `/users/${person.userId}/suspend`);

      expect((await poll(login)).status).toBe(403);
    }
  });

  test('however many poll at once, one gets the key', async () => {
    const login = newLogin();
    const person = await service.person('Pat');
    await approve(person, login);

    const answers = await Promise.all(Array.from({ length: 8 }, () => poll(login)));

    expect(answers.filter(({ body }) => body.status === 'complete')).toHaveLength(1);
    expect((await person.ok('GET', '/api/users/me/api-keys')).keys).toHaveLength(1);
  });

  test('two logins of one person in one second both end with a key', async () => {
    const [first, second] = [newLogin(), newLogin()];
    const person = await service.person('Zoe');
    await Promise.all([approve(person, first), approve(person, second)]);
    const collect = async (login: Login) => {
      for (;;) {
        const { body } = await poll(login);
        if (body.status !== 'pending') return body;
      }
    };

    const both = await Promise.all([collect(first), collect(second)]);

    expect(both).toMatchObject([{ status: 'complete' }, { status: 'complete' }]);
    const { keys } = await person.ok('GET', '/api/users/me/api-keys');
    expect(new Set(keys.map(({ name }: { name: string }) => name)).size).toBe(2);
  });

  test('another verifier does not collect it, and does not use it up', async () => {
    const login = newLogin();
    await approve(await service.person('Vera'), login);

    const { status, body } = await poll({ ...login, verifier: newLogin().verifier });

    expect([status, body.error]).toEqual([403, 'The verifier does not belong to this login request']);
    expect((await poll(login)).body.status).toBe('complete');
  });

  test('the first decision stands; the same again is no harm', async () => {
    const login = newLogin();
    await approve(ada, login);

    expect((await approve(ada, login)).status).toBe(200);
    expect((await approve(ada, login, { workspaceId })).status).toBe(409);
    expect((await approve(eve, login)).status).toBe(409);
    expect((await approve(ada, { ...login, challenge: newLogin().challenge })).status).toBe(409);
  });

  test('an approval that nobody collects within 15 minutes is over', async () => {
    const login = newLogin();
    await approve(ada, login);
    const [row] = await service.rows<{ minutes: number }>(
      'SELECT extract(epoch FROM expires_at - approved_at)::int / 60 AS minutes FROM keys.cli_pairing WHERE challenge = $1',
      [login.challenge],
    );
    await service.rows('UPDATE keys.cli_pairing SET expires_at = now() WHERE challenge = $1', [login.challenge]);

    const { status, body } = await poll(login);

    expect(row?.minutes).toBe(15);
    expect([status, body.error]).toEqual([404, 'This login request has expired. Please log in again.']);
  });

  test('a person cannot heap up approvals', async () => {
    const person = await service.person('Hugo');
    for (let count = 0; count < 20; count += 1) expect((await approve(person, newLogin())).status).toBe(200);

    expect((await approve(person, newLogin())).status).toBe(409);
  });

  test.each([
    ['no verifier', { verifier: undefined }, 'verifier'],
    ['a short verifier', { verifier: 'abc' }, 'verifier'],
    ['a request with strange characters', { request: `${'a'.repeat(42)}=` }, 'request'],
    ['a request that is a number', { request: 7 }, 'request'],
  ])('a poll with %s is refused by name', async (_what, more, field) => {
    const { status, body } = await poll({ ...newLogin(), ...(more as object) });

    expect([status, body.details[0].path]).toEqual([400, [field]]);
  });

  test.each([
    ['no challenge', { challenge: undefined }, ['challenge']],
    ['another scope', { scope: 'copilot' }, ['scope']],
    ['binding to nothing', { bindKeyToWorkspace: true }, ['workspaceId']],
    ['an unknown member', { admin: true }, []],
  ])('an approval with %s is refused by name', async (_what, more, path) => {
    const { status, body } = await approve(ada, newLogin(), more);

    expect([status, body.details[0].path]).toEqual([400, path]);
  });

  test('approving needs a session, and not one that another site rides on', async () => {
    expect((await approve(service.browser(), newLogin())).status).toBe(401);
    const { request, challenge } = newLogin();
    const crossSite = await ada.send(
      'POST',
      APPROVE,
      { request, challenge, scope: 'platform' },
      { origin: 'https://evil.example' },
    );
    expect([crossSite.status, crossSite.body.code]).toEqual([403, 'CSRF']);
  });

  test('the CLI is told that there is no OAuth here', async () => {
    const { status, body } = await service.browser().send('GET', '/.well-known/oauth-authorization-server');

    expect([status, body]).toEqual([404, { error: 'Not found', code: 'NOT_FOUND' }]);
  });

  // The last one: browsers know the address of before.
  test('it survives a restart, and neither the CLI’s secret nor the request is kept', async () => {
    const login = newLogin();
    await approve(await service.person('Rita'), login);
    const kept = JSON.stringify(await service.rows('SELECT * FROM keys.cli_pairing'));
    expect(kept).toContain(login.challenge);
    expect(kept).not.toContain(login.verifier);
    expect(kept).not.toContain(login.request);

    service = await service.restarted();

    expect((await poll(login)).body.status).toBe('complete');
  });
});

test('an address that polls without end is held back, and may go on later', async () => {
  const service = await KeysUnderTest.start({ SIGN_IN_TRIES_PER_MINUTE: '3' });
  const statuses: number[] = [];
  let last;
  for (let polls = 0; polls < 4; polls += 1) {
    const { request, verifier } = newLogin();
    last = await service.browser().send('POST', POLL, { request, verifier });
    statuses.push(last.status);
  }
  await service.dispose();

  expect(statuses).toEqual([200, 200, 200, 429]);
  expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
});
