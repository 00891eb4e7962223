import { digestKey, openSeal, parseMasterKeys } from '@tollgate/api-key';
import type { Browser } from './browser.js';
import { KeysUnderTest, MASTER_KEY, PASSWORD, PEPPER } from './keys-under-test.js';

const OLDER_MASTER_KEY = 'cd'.repeat(32);
let keys: KeysUnderTest;
let ada: Browser;
beforeAll(async () => {
  keys = await KeysUnderTest.start({
    MASTER_KEYS: `${MASTER_KEY},${OLDER_MASTER_KEY}`,
    KEY_PEPPERS: `${PEPPER},an-older-pepper-with-more-than-32-characters`,
  });
  ada = await keys.person();
});
afterAll(() => keys.dispose());

/** Every row of every table of every schema, as text. */
async function everything(): Promise<string> {
  const tables = await keys.rows<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const texts = [];
  for (const { name } of tables) {
    const rows = await keys.rows<{ line: string }>(`SELECT t::text AS line FROM ${name} t`);
    texts.push(name, ...rows.map(({ line }) => line));
  }
  return texts.join('\n');
}

test('a key is kept sealed under the newest master key, bound to its record, and found by the newest pepper', async () => {
  const { id, key } = await ada.personalKey('sealed');
  const [row] = await keys.rows<{ sealed_key: string; digest: string }>(
    'SELECT sealed_key, digest FROM keys.api_key WHERE id = $1',
    [id],
  );
  const newest = parseMasterKeys(MASTER_KEY);
  expect(openSeal(row?.sealed_key as string, id, newest)).toBe(key);
  expect(() => openSeal(row?.sealed_key as string, 'another', newest)).toThrow('not-authentic');
  expect(row?.digest).toBe(digestKey(key, PEPPER));
});

test('no key, password or session token stands anywhere in the database as it is', async () => {
  const { key } = await ada.personalKey('secret');
  const { key: ours } = await ada.workspaceKey(await ada.workspace(), 'secret');
  const { key: revoked, id } = await ada.personalKey('revoked');
  await ada.ok('DELETE', `/api/users/me/api-keys/${id}`);
  const text = await everything();

  expect(text).toContain(digestKey(key, PEPPER));
  for (const secret of [key, ours, revoked]) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(secret.slice('sk-sim-'.length));
    expect(text).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, ''));
    expect(text).not.toContain(Buffer.from(secret).toString('hex'));
  }
  expect(text).not.toContain(PASSWORD);
});

test('the facts of a key carry its digest, and neither its text nor what seals it', async () => {
  const { id, key } = await ada.personalKey('told');
  const [created] = (await keys.facts('KeyCreated')).filter(({ keyId }) => keyId === id);
  expect(created).toEqual({
    keyId: id,
    digest: digestKey(key, PEPPER),
    kind: 'personal',
    name: 'told',
    ownerId: ada.userId,
    workspaceId: null,
    displayKey: `sk-sim-...${key.slice(-4)}`,
    expiresAt: null,
    actor: { type: 'user', id: ada.userId },
  });
});

test('keys and sessions outlive a restart, and a revoked key stays revoked', async () => {
  const { Directory } = await import('@tollgate/access');
  const live = await ada.personalKey('live');
  const dead = await ada.personalKey('dead');
  await ada.ok('DELETE', `/api/users/me/api-keys/${dead.id}`);
  keys = await keys.restarted();
  const directory = keys.running.app.get(Directory);
  expect(await directory.read('key', digestKey(live.key, PEPPER))).toMatchObject({ revoked: false });
  expect(await directory.read('key', digestKey(dead.key, PEPPER))).toMatchObject({ revoked: true });
  const browser = keys.browser();
  const answer = await browser.send('GET', '/api/users/me/api-keys', undefined, { cookie: ada.cookie });
  expect(answer.body.keys).toContainEqual(expect.objectContaining({ name: 'live' }));
});
