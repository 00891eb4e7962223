import { Directory } from '@tollgate/access';
import { digestKey } from '@tollgate/api-key';
import type { Browser } from './browser.js';
import { KeysUnderTest, PEPPER } from './keys-under-test.js';

let keys: KeysUnderTest;
let ada: Browser;
let reader: Browser;
let writer: Browser;
let stranger: Browser;
let workspaceId: string;
let path: string;
beforeAll(async () => {
  keys = await KeysUnderTest.start();
  [ada, reader, writer, stranger] = await Promise.all([
    keys.person('Ada'),
    keys.person('Rea'),
    keys.person('Wri'),
    keys.person('Stranger'),
  ]);
});
beforeEach(async () => {
  workspaceId = await ada.workspace();
  path = `/api/workspaces/${workspaceId}/api-keys`;
  await ada.join(workspaceId, reader, 'read');
  await ada.join(workspaceId, writer, 'write');
});
afterAll(() => keys.dispose());

const inDirectory = (key: string) => keys.running.app.get(Directory).read('key', digestKey(key, PEPPER));
const names = async () => (await ada.ok('GET', path)).keys.map(({ name }: { name: string }) => name) as string[];

test('an admin makes a key of the workspace; every member sees it, nobody sees its text again', async () => {
  const answer = await ada.send('POST', path, { name: 'production', source: 'settings' });

  expect(answer.status).toBe(200);
  const { key: made } = answer.body;
  expect(Object.keys(made).sort()).toEqual(['createdAt', 'id', 'key', 'name']);
  expect(await inDirectory(made.key)).toMatchObject({ kind: 'workspace', workspaceId, ownerId: null });
  const list = await reader.send('GET', path);
  expect(list.body).toEqual({
    keys: [
      {
        id: made.id,
        name: 'production',
        createdAt: made.createdAt,
        lastUsed: null,
        expiresAt: null,
        createdBy: ada.userId,
        displayKey: `sk-sim-...${made.key.slice(-4)}`,
      },
    ],
  });
  expect(list.text).not.toContain(made.key);
});

test('of 50 creates of one name at once exactly one succeeds', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => ada.send('POST', path, { name: 'same' })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const refused = answers.filter(({ status }) => status === 409);
  expect(refused).toHaveLength(49);
  expect(refused[0]?.body).toEqual({
    error: 'A workspace API key named "same" already exists. Choose a different name.',
    code: 'CONFLICT',
  });
});

test('two workspaces may use one name', async () => {
  await ada.workspaceKey(workspaceId, 'same');
  await ada.workspaceKey(await ada.workspace(), 'same');
});

describe('who may', () => {
  test('the list: members; signed out and not a member are 401, an unknown workspace is 404', async () => {
    for (const member of [ada, writer, reader]) await member.ok('GET', path);
    for (const other of [keys.browser(), stranger]) {
      const answer = await other.send('GET', path);
      expect(answer.status).toBe(401);
      expect(answer.body).toEqual({ error: 'Unauthorized', code: 'UNAUTHORIZED' });
    }
    for (const id of ['unknown', 'a%00b', 'x'.repeat(200)]) {
      const answer = await ada.send('GET', `/api/workspaces/${id}/api-keys`);
      expect(answer.status).toBe(404);
      expect(answer.body).toEqual({ error: 'Workspace not found', code: 'NOT_FOUND' });
    }
  });

  test('all else: admins; other members, strangers and unknown workspaces are 403 before the body is read', async () => {
    const { id } = await ada.workspaceKey(workspaceId, 'theirs');
    const tries = (at: string): [string, string, unknown][] => [
      ['POST', at, { nothing: true }],
      ['PUT', `${at}/${id}`, { nothing: true }],
      ['DELETE', `${at}/${id}`, undefined],
      ['DELETE', at, { nothing: true }],
    ];
    for (const person of [reader, writer, stranger]) {
      for (const [method, at, body] of [...tries(path), ...tries('/api/workspaces/unknown/api-keys')]) {
        const answer = await person.send(method, at, body);
        expect([method, answer.status, answer.body]).toEqual([method, 403, { error: 'Forbidden', code: 'FORBIDDEN' }]);
      }
    }
    for (const [method, at, body] of tries(path)) {
      expect((await keys.browser().send(method, at, body)).status).toBe(401);
    }
    expect(await names()).toEqual(['theirs']);
  });
});

describe('renaming', () => {
  test('trims, keeps the rest, and tells the directory', async () => {
    const made = await ada.workspaceKey(workspaceId, 'before');
    const answer = await ada.send('PUT', `${path}/${made.id}`, { name: '  after ' });

    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body.key).sort()).toEqual(['createdAt', 'id', 'name', 'updatedAt']);
    expect(answer.body.key).toMatchObject({ id: made.id, name: 'after' });
    expect(answer.body.key.updatedAt > answer.body.key.createdAt).toBe(true);
    expect(await names()).toEqual(['after']);
    expect(await inDirectory(made.key)).toMatchObject({ name: 'after', revoked: false });
  });

  test('a name that another key has is 400, also of two renames at once', async () => {
    const [one, two] = [await ada.workspaceKey(workspaceId, 'one'), await ada.workspaceKey(workspaceId, 'two')];
    const taken = { error: 'A workspace API key with this name already exists', code: 'VALIDATION_ERROR' };
    const answer = await ada.send('PUT', `${path}/${two.id}`, { name: 'one' });
    expect([answer.status, answer.body]).toEqual([400, taken]);
    const both = await Promise.all([one, two].map(({ id }) => ada.send('PUT', `${path}/${id}`, { name: 'three' })));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect((await ada.send('PUT', `${path}/${one.id}`, { name: (await names())[0] })).status).toBe(200);
  });

  test('an unknown key, a personal one and one of another workspace are 404; a bad name is 400', async () => {
    const elsewhere = await ada.workspaceKey(await ada.workspace(), 'elsewhere');
    const personal = await ada.personalKey(`mine ${workspaceId}`);
    for (const id of ['unknown', elsewhere.id, personal.id]) {
      for (const [method, body] of [['PUT', { name: 'x' }], ['DELETE']] as const) {
        const answer = await ada.send(method, `${path}/${id}`, body);
        expect([answer.status, answer.body]).toEqual([404, { error: 'API key not found', code: 'NOT_FOUND' }]);
      }
    }
    const { id } = await ada.workspaceKey(workspaceId, 'fine');
    const answer = await ada.send('PUT', `${path}/${id}`, { name: ' ' });
    expect(answer.status).toBe(400);
    expect(answer.body.details).toEqual([expect.objectContaining({ path: ['name'], message: 'Name is required' })]);
  });
});

describe('revoking', () => {
  test('one: receipt, gone from the list, refused by the directory', async () => {
    const made = await ada.workspaceKey(workspaceId, 'gone');
    const answer = await ada.send('DELETE', `${path}/${made.id}`);
    expect(answer.body).toMatchObject({ success: true, receipt: { fenced: [], gateways: [expect.any(Object)] } });
    expect(await names()).toEqual([]);
    expect(await inDirectory(made.key)).toMatchObject({ revoked: true });
  });

  test('many: what belongs to the workspace goes, all else is ignored', async () => {
    const made = [];
    for (const name of ['a', 'b', 'c']) made.push(await ada.workspaceKey(workspaceId, name));
    const elsewhere = await ada.workspaceKey(await ada.workspace(), 'elsewhere');
    const personal = await ada.personalKey(`kept ${workspaceId}`);
    const ids = [made[0]?.id, made[1]?.id, made[1]?.id, elsewhere.id, personal.id, 'unknown', '', '\u0000'];
    const answer = await ada.send('DELETE', path, { keys: ids });

    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ success: true, deletedCount: 2, receipt: { fenced: [] } });
    expect(await names()).toEqual(['c']);
    expect(await inDirectory(elsewhere.key)).toMatchObject({ revoked: false });
    expect(await inDirectory(personal.key)).toMatchObject({ revoked: false });
    expect((await ada.send('DELETE', path, { keys: ids })).body).toEqual({ success: true, deletedCount: 0 });
  });

  test('a thousand at once', async () => {
    await keys.rows(
      `INSERT INTO keys.api_key (id, kind, workspace_id, created_by, name, sealed_key, digest, display_key, created_at, updated_at)
       SELECT $1 || n, 'workspace', $1, $2, 'key ' || n, 'sealed' || $1 || n, encode(sha256(convert_to($1 || n, 'UTF8')), 'hex'),
         '****', now(), now() FROM generate_series(1, 1000) AS n`,
      [workspaceId, ada.userId],
    );
    const ids = Array.from({ length: 1000 }, (_, index) => `${workspaceId}${index + 1}`);
    expect((await ada.send('DELETE', path, { keys: [...ids, 'x'] })).status).toBe(400);
    expect((await ada.ok('DELETE', path, { keys: ids })).deletedCount).toBe(1000);
    expect(await names()).toEqual([]);
  });

  test.each([
    ['nothing', undefined],
    ['no list', {}],
    ['an empty list', { keys: [] }],
    ['a text', { keys: 'all' }],
    ['numbers', { keys: [1] }],
  ])('%s is 400 and names keys', async (_name, body) => {
    const answer = await ada.send('DELETE', path, body);
    expect(answer.status).toBe(400);
    expect(answer.body.details[0].path[0]).toBe('keys');
  });

  test('a key outlives its maker: it belongs to the workspace', async () => {
    const co = await keys.person('Co');
    await ada.join(workspaceId, co, 'admin');
    const made = await co.workspaceKey(workspaceId, 'by co');
    await ada.ok('DELETE', `/api/workspaces/${workspaceId}/members/${co.userId}`);
    expect(await names()).toEqual(['by co']);
    expect(await inDirectory(made.key)).toMatchObject({ revoked: false });
  });
});

test('an admin who is removed or lowered at this moment makes no key any more', async () => {
  const co = await keys.person('Co');
  await ada.join(workspaceId, co, 'admin');
  const [removed, ...creates] = await Promise.all([
    ada.send('DELETE', `/api/workspaces/${workspaceId}/members/${co.userId}`),
    ...Array.from({ length: 10 }, (_, nth) => co.send('POST', path, { name: `late ${nth}` })),
  ]);
  expect(removed?.status).toBe(200);
  const made = creates.filter(({ status }) => status === 200);
  expect(await names()).toHaveLength(made.length);
  expect(creates.every(({ status }) => status === 200 || status === 403)).toBe(true);
  expect((await co.send('POST', path, { name: 'later' })).status).toBe(403);
});
