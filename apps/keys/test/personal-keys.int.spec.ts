import { Directory } from '@tollgate/access';
import { digestKey, parseKey } from '@tollgate/api-key';
import type { Browser } from './browser.js';
import { KeysUnderTest, PEPPER } from './keys-under-test.js';

const PATH = '/api/users/me/api-keys';
let keys: KeysUnderTest;
let ada: Browser;
beforeAll(async () => void (keys = await KeysUnderTest.start()));
beforeEach(async () => void (ada = await keys.person()));
afterAll(() => keys.dispose());

const inDirectory = (key: string) => keys.running.app.get(Directory).read('key', digestKey(key, PEPPER));
const names = async (person = ada) =>
  (await person.ok('GET', PATH)).keys.map(({ name }: { name: string }) => name) as string[];

test('a key is answered once in the contract form, and the directory knows it by then', async () => {
  const answer = await ada.send('POST', PATH, { name: ' laptop ' });

  expect(answer.status).toBe(200);
  expect(Object.keys(answer.body)).toEqual(['key']);
  expect(Object.keys(answer.body.key).sort()).toEqual(['createdAt', 'id', 'key', 'name']);
  const { id, name, key, createdAt } = answer.body.key;
  expect(id).toMatch(/^[A-Za-z0-9_-]{21}$/);
  expect(name).toBe('laptop');
  expect(parseKey(key, 'sk-sim-')).toEqual({ kind: 'checked' });
  expect(new Date(createdAt).toISOString()).toBe(createdAt);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('x-request-id')).toBeTruthy();
  expect(await inDirectory(key)).toMatchObject({ keyId: id, kind: 'personal', ownerId: ada.userId, revoked: false });

  const list = await ada.send('GET', PATH);
  const displayKey = `sk-sim-...${key.slice(-4)}`;
  expect(list.body).toEqual({ keys: [{ id, name: 'laptop', createdAt, lastUsed: null, expiresAt: null, displayKey }] });
  expect(list.text).not.toContain(key);
});

test("keys are listed oldest first, one's own alone", async () => {
  for (const name of ['zebra', 'ant', 'mole']) await ada.personalKey(name);
  const ben = await keys.person('Ben');
  await ben.personalKey('ant');
  expect(await names()).toEqual(['zebra', 'ant', 'mole']);
  expect(await names(ben)).toEqual(['ant']);
});

test('of 50 creates of one name at once exactly one succeeds, and the others leave nothing', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => ada.send('POST', PATH, { name: 'same' })));

  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const refused = answers.filter(({ status }) => status === 409);
  expect(refused).toHaveLength(49);
  for (const { body } of refused) {
    expect(body).toEqual({
      error: 'A personal API key named "same" already exists. Please choose a different name.',
      code: 'CONFLICT',
    });
  }
  expect(await keys.rows('SELECT id FROM keys.api_key WHERE owner_id = $1', [ada.userId])).toHaveLength(1);
  expect(await keys.facts('KeyCreated')).toContainEqual(expect.objectContaining({ ownerId: ada.userId }));
  expect((await keys.facts('KeyCreated')).filter(({ ownerId }) => ownerId === ada.userId)).toHaveLength(1);
});

test('names compare exactly, after normalization: case and lookalikes differ, NFC and NFD are one', async () => {
  await ada.personalKey('Caf\u00e9');
  const twin = await ada.send('POST', PATH, { name: 'Cafe\u0301' });
  expect(twin.status).toBe(409);
  for (const name of ['caf\u00e9', 'Cafe', 'C\u0430f\u00e9', 'Caf\u00e9 \u{1F511}']) {
    expect((await ada.send('POST', PATH, { name })).status).toBe(200);
  }
  expect((await ada.send('POST', PATH, { name: '  Caf\u00e9\t' })).status).toBe(409);
});

test('100 emoji are 100 characters', async () => {
  expect((await ada.send('POST', PATH, { name: '\u{1F511}'.repeat(100) })).status).toBe(200);
  expect((await ada.send('POST', PATH, { name: '\u{1F511}'.repeat(101) })).status).toBe(400);
});

test('two people may use one name, and so may a person and a workspace', async () => {
  const ben = await keys.person('Ben');
  await ada.personalKey('shared');
  await ben.personalKey('shared');
  await ada.workspaceKey(await ada.workspace(), 'shared');
});

describe('expiry', () => {
  test('is kept, listed and told to the directory', async () => {
    const { key } = await ada.ok('POST', PATH, { name: 'short', expiresAt: '2030-01-02T05:04:05+02:00' });
    expect(key.expiresAt).toBe('2030-01-02T03:04:05.000Z');
    expect((await ada.ok('GET', PATH)).keys[0].expiresAt).toBe('2030-01-02T03:04:05.000Z');
    expect(await inDirectory(key.key)).toMatchObject({ expiresAtMs: Date.parse('2030-01-02T03:04:05Z') });
  });

  test('null is none', async () => {
    await ada.ok('POST', PATH, { name: 'long', expiresAt: null });
    expect((await ada.ok('GET', PATH)).keys[0].expiresAt).toBeNull();
  });

  const inYears = (years: number) => new Date(Date.now() + years * 365.25 * 24 * 3600 * 1000).toISOString();
  test.each([
    ['past', '2020-01-01T00:00:00Z'],
    ['more than ten years away', inYears(10.1)],
    ['a date', '2030-01-01'],
    ['no day', '2030-02-30T00:00:00Z'],
    ['words', 'tomorrow'],
    ['a number', 1893456000],
    ['empty', ''],
  ])('%s is 400 and names the field', async (_name, expiresAt) => {
    const answer = await ada.send('POST', PATH, { name: 'k', expiresAt });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      error: 'Validation error',
      code: 'VALIDATION_ERROR',
      details: [expect.objectContaining({ path: ['expiresAt'] })],
    });
    expect(await names()).toEqual([]);
  });
});

describe('revoking', () => {
  test('answers with a receipt after every gateway refuses, and leaves no row, no sealed text, a free name', async () => {
    const { id, key } = await ada.personalKey('gone');
    const answer = await ada.send('DELETE', `${PATH}/${id}`);

    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual(['receipt', 'success']);
    const { receipt } = answer.body;
    expect(receipt.position).toMatch(/^\d+$/);
    for (const at of [receipt.revokedAt, receipt.confirmedAt, receipt.gateways[0].appliedAt]) {
      expect(new Date(at).toISOString()).toBe(at);
    }
    expect(receipt.fenced).toEqual([]);
    expect(await inDirectory(key)).toMatchObject({ revoked: true });
    expect(await names()).toEqual([]);
    expect(await keys.rows('SELECT sealed_key FROM keys.api_key WHERE id = $1', [id])).toEqual([{ sealed_key: null }]);
    expect((await ada.send('DELETE', `${PATH}/${id}`)).status).toBe(404);
    const again = await ada.personalKey('gone');
    expect(again.id).not.toBe(id);
    expect(await inDirectory(key)).toMatchObject({ revoked: true });
  });

  test('of 20 revokes at once one succeeds and the others find nothing', async () => {
    const { id } = await ada.personalKey('contested');
    const answers = await Promise.all(Array.from({ length: 20 }, () => ada.send('DELETE', `${PATH}/${id}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(404)]);
  });

  test("an unknown key, another person's and a workspace's are one 404", async () => {
    const ben = await keys.person('Ben');
    const { id: his } = await ben.personalKey('his');
    const { id: ours } = await ada.workspaceKey(await ada.workspace(), 'ours');
    for (const id of [his, ours, 'unknown', 'x'.repeat(200), 'a%00b', '%F0%9F%94%91', "1'--"]) {
      const answer = await ada.send('DELETE', `${PATH}/${id}`);
      expect(answer.status).toBe(404);
      expect(answer.body).toEqual({ error: 'API key not found', code: 'NOT_FOUND' });
    }
    expect(await names(ben)).toEqual(['his']);
  });
});

test.each([
  ['nothing', undefined],
  ['no name', {}],
  ['a blank name', { name: ' \t' }],
  ['a name of 101 characters', { name: 'x'.repeat(101) }],
  ['a control character', { name: 'a\u0000b' }],
  ['a line break', { name: 'a\u2028b' }],
  ['half a surrogate pair', { name: 'a\ud800' }],
  ['a number', { name: 7 }],
  ['null', { name: null }],
  ['a list', { name: ['a'] }],
])('%s is 400 and names the name', async (_name, body) => {
  const answer = await ada.send('POST', PATH, body);
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({
    error: 'Validation error',
    code: 'VALIDATION_ERROR',
    details: [expect.objectContaining({ path: ['name'] })],
  });
});

test('a missing name is said in the words of the contract', async () => {
  for (const body of [{}, { name: '' }]) {
    expect((await ada.send('POST', PATH, body)).body.details[0].message).toBe('Name is required');
  }
});

test('what is not JSON is 400, 415 or 413, and leaves nothing', async () => {
  const tries: [string, string, number, string][] = [
    ['{', 'application/json', 400, 'INVALID_JSON'],
    ['name=x', 'application/x-www-form-urlencoded', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [JSON.stringify({ name: 'x'.repeat(11 * 1024 * 1024) }), 'application/json', 413, 'PAYLOAD_TOO_LARGE'],
  ];
  for (const [body, type, status, code] of tries) {
    const answer = await ada.send('POST', PATH, body, { 'content-type': type });
    expect([answer.status, answer.body?.code]).toEqual([status, code]);
  }
  expect((await ada.send('POST', PATH, '{')).body.error).toBe('Request body must be valid JSON');
  expect(await names()).toEqual([]);
});

test('limits that this version cannot enforce are refused, not ignored', async () => {
  for (const field of ['ipAllowList', 'monthlySpendCapUsd']) {
    const answer = await ada.send('POST', PATH, { name: 'k', [field]: field === 'ipAllowList' ? ['10.0.0.0/8'] : '5' });
    expect(answer.status).toBe(400);
    expect(answer.body.details).toEqual([expect.objectContaining({ path: [field] })]);
  }
});

test('a person holds a thousand keys and no more', async () => {
  await keys.rows(
    `INSERT INTO keys.api_key (id, kind, owner_id, created_by, name, sealed_key, digest, display_key, created_at, updated_at)
     SELECT 'full' || n, 'personal', $1, $1, 'key ' || n, 'sealed' || n, 'digest' || n, '****', now(), now()
     FROM generate_series(1, 999) AS n`,
    [ada.userId],
  );
  await ada.personalKey('the thousandth');
  const answer = await ada.send('POST', PATH, { name: 'one more' });
  expect(answer.status).toBe(400);
  expect(answer.body).toEqual({ error: 'At most 1000 API keys can exist at a time', code: 'VALIDATION_ERROR' });
  expect(await names()).toHaveLength(1000);
});

test('signed out, each route is 401', async () => {
  const { id } = await ada.personalKey('mine');
  for (const [method, path, body] of [
    ['GET', PATH],
    ['POST', PATH, { name: 'x' }],
    ['DELETE', `${PATH}/${id}`],
  ] as const) {
    const answer = await keys.browser().send(method, path, body);
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({ error: 'Unauthorized', code: 'UNAUTHORIZED' });
  }
});

test('an admin is told how many personal keys the switch would stop: those that would be admitted, each once', async () => {
  const [ben, cleo, sam, outsider] = await Promise.all(['Ben', 'Cleo', 'Sam', 'Out'].map((name) => keys.person(name)));
  const id = await ada.workspace();
  await ada.join(id, ben!, 'admin');
  for (const member of [cleo!, sam!]) await ada.join(id, member, 'read');
  for (const name of ['one', 'two']) await ada.personalKey(name);
  await ben!.personalKey('ben’s');
  await sam!.personalKey('suspended');
  await outsider!.personalKey('elsewhere');
  await ada.workspaceKey(id, 'no personal key');
  const gone = await cleo!.personalKey('revoked');
  await cleo!.ok('DELETE', `${PATH}/${gone.id}`);
  const old = await cleo!.personalKey('expired');
  await keys.rows(`UPDATE keys.api_key SET expires_at = now() - interval '1 second' WHERE id = $1`, [old.id]);
  await keys.operate('POST', `/users/${sam!.userId}/suspend`, {});

  const counted = () => ben!.ok('GET', `/api/workspaces/${id}/personal-keys`);
  expect(await counted()).toEqual({ keys: 3, owners: 2 });
  await ada.ok('PATCH', `/api/workspaces/${id}`, { allowPersonalApiKeys: false });
  expect(await counted()).toEqual({ keys: 3, owners: 2 });
  expect((await cleo!.send('GET', `/api/workspaces/${id}/personal-keys`)).status).toBe(403);
  expect((await outsider!.send('GET', `/api/workspaces/${id}/personal-keys`)).status).toBe(404);
});

test('an unforeseen fault is 500 in the words of the contract, and nothing more is told', async () => {
  const { id } = await ada.personalKey('kept');
  await keys.rows('ALTER TABLE keys.api_key RENAME TO elsewhere');
  const list = await ada.send('GET', PATH);
  const remove = await ada.send('DELETE', `${PATH}/${id}`);
  await keys.rows('ALTER TABLE keys.elsewhere RENAME TO api_key');

  const code = 'INTERNAL_ERROR';
  expect([list.status, list.body]).toEqual([500, { error: 'Failed to fetch API keys', code }]);
  expect([remove.status, remove.body]).toEqual([500, { error: 'Failed to delete API key', code }]);
  expect(await names()).toEqual(['kept']);
});
