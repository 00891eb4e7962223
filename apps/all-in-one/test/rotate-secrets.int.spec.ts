import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Directory, directoryFingerprint, type MemoryDirectory } from '@tollgate/access';
import { digestKey, openSeal, parseMasterKeys } from '@tollgate/api-key';
import { ROTATION_BATCH_MAX } from '@tollgate/contracts';
import { execute, type MadeKey, Person } from './person.js';
import { type PlatformHere, startPlatformHere } from './platform-here.js';
import { rotateKeyBatch } from './rotation-batch.js';

const OLD = { MASTER_KEYS: 'ab'.repeat(32), KEY_PEPPERS: 'the-old-pepper-of-the-tests-32-characters' };
const NEW = { MASTER_KEYS: 'cd'.repeat(32), KEY_PEPPERS: 'the-new-pepper-of-the-tests-32-characters' };
/** The newer first, as it is while records are brought over. */
const BOTH = {
  MASTER_KEYS: `${NEW.MASTER_KEYS},${OLD.MASTER_KEYS}`,
  KEY_PEPPERS: `${NEW.KEY_PEPPERS},${OLD.KEY_PEPPERS}`,
};
const [newMaster] = parseMasterKeys(NEW.MASTER_KEYS);
const newMasterKeys = [newMaster!];
const COMMAND = join(import.meta.dirname, '../../../tools/dist/rotate-secrets.js');
/** More than one batch holds. */
const OTHERS = ROTATION_BATCH_MAX + 5;

let platform: PlatformHere;
let upstream: Server;
let database: PlatformHere['database']['pool'];
let ada: Person;
let personal: MadeKey;
let shared: MadeKey;
let revoked: MadeKey;
let echo: string;
let proxied: string;
/** What the upstream was sent last. */
let authorization: string | undefined;

beforeAll(async () => {
  upstream = createServer((request, response) => {
    ({ authorization } = request.headers);
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await new Promise<void>((done) => void upstream.listen(0, '127.0.0.1', done));
  platform = await startPlatformHere({
    ...OLD,
    LOG_LEVEL: 'silent',
    BILLING: 'off',
    UPSTREAM_ALLOW: '127.0.0.1',
    DATABASE_POOL_MAX: '8',
  });
  database = platform.database.pool;
  ada = await Person.signUp(platform);
  const workspaceId = await ada.workspace();
  echo = await ada.workflow(workspaceId);
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`;
  const runner = { kind: 'http', url, headers: { authorization: 'Bearer of-the-upstream' } };
  proxied = (await ada.ok('POST', '/api/workflows', { workspaceId, name: 'Upstream', runner })).workflow.id;
  await ada.ok('POST', `/api/workflows/${proxied}/deploy`);
  [personal, shared, revoked] = [
    await ada.personalKey(),
    await ada.workspaceKey(workspaceId),
    await ada.personalKey('revoked'),
  ];
  await ada.ok('DELETE', `/api/users/me/api-keys/${revoked.id}`);
  for (let nth = 0; nth < OTHERS; nth += 1) await ada.personalKey(`other ${nth}`);
});
afterAll(async () => {
  await platform.stop();
  upstream.closeAllConnections();
  upstream.close();
});

const opens = async ({ key }: MadeKey, workflowId = echo) => (await execute(platform, workflowId, key)).status;

async function command(secrets: Record<string, string>): Promise<{ code: number; output: string; fault: string }> {
  return new Promise((done) => {
    const env = { PATH: process.env.PATH, ...secrets };
    execFile(process.execPath, [COMMAND, '--keys', platform.url], { env }, (error, output, fault) =>
      done({ code: error === null ? 0 : Number(error.code), output, fault }),
    );
  });
}

async function rows(): Promise<{ id: string; digest: string; sealed_key: string; former_digests: string[] }[]> {
  return (await database.query('SELECT * FROM keys.api_key WHERE revoked_at IS NULL ORDER BY id')).rows;
}

/** How often a key was said to have another digest. */
async function redigested(): Promise<number> {
  const found = await database.query(`SELECT FROM event_log.facts WHERE event::text LIKE '%KeyRedigested%'`);
  return found.rowCount ?? 0;
}

const oneBatch = (masterKeyId = newMaster!.id) => rotateKeyBatch(platform, { pepper: NEW.KEY_PEPPERS, masterKeyId });

test('refuses to begin where a process has not been started with the new secrets', async () => {
  const before = await rows();
  const { code, fault } = await command(BOTH);

  expect([code, fault]).toEqual([1, expect.stringContaining('does not have these secrets first')]);
  expect(await rows()).toEqual(before);
});

test('a batch that fails changes nothing, and one that was cut off after it is gone on with', async () => {
  await platform.again(BOTH);
  const before = await rows();
  await database.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF new.event::text LIKE '%KeyRedigested%' THEN RAISE 'the disk is full'; END IF; RETURN new; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON event_log.facts FOR EACH ROW EXECUTE FUNCTION refuse()`);
  expect((await oneBatch('another')).status).toBe(409);
  expect((await oneBatch()).status).toBe(500);
  expect(await rows()).toEqual(before);
  await database.query('DROP FUNCTION refuse CASCADE');

  expect(await oneBatch()).toMatchObject({ status: 200, body: { rotated: ROTATION_BATCH_MAX, left: 0 } });
  await platform.again(BOTH);
  expect(await redigested()).toBe(ROTATION_BATCH_MAX);
});

test('brings every record under the newest secrets, and no key is refused meanwhile', async () => {
  const statuses = new Set<number>();
  let [asked, isOver] = [0, false];
  const probing = (async () => {
    for (; !isOver; asked += 2) for (const key of [personal, shared]) statuses.add(await opens(key));
  })();
  const { code, output } = await command(BOTH);
  isOver = true;
  await probing;

  expect([code, [...statuses]]).toEqual([0, [200]]);
  expect(asked).toBeGreaterThan(0);
  const total = OTHERS + 2;
  expect(output).toContain(`keys        ${total} of ${total} looked at, ${total - ROTATION_BATCH_MAX} rotated, 0 left`);
  expect(output).toContain('workflows   1 of 1 looked at, 1 rotated, 0 left');
  expect(output).toContain('deployments 1 of 1 looked at, 1 rotated, 0 left');
  expect(output).toMatch(/0 left under older secrets: take them out of MASTER_KEYS and KEY_PEPPERS.*\n$/);
  for (const { id, digest, sealed_key, former_digests } of await rows()) {
    const text = openSeal(sealed_key, id, newMasterKeys);
    expect([digest, former_digests]).toEqual([digestKey(text, NEW.KEY_PEPPERS), [digestKey(text, OLD.KEY_PEPPERS)]]);
  }
  expect(await redigested()).toBe(total);
});

test('run again, it finds nothing to do', async () => {
  const before = await rows();
  expect((await oneBatch()).body).toMatchObject({ looked: ROTATION_BATCH_MAX, rotated: 0, left: 0 });
  expect(await rows()).toEqual(before);
  expect(await redigested()).toBe(OTHERS + 2);
});

test('after it, the old secrets are not needed, and a directory read anew from the log is the same', async () => {
  const fingerprint = () => directoryFingerprint((platform.running.app.get(Directory) as MemoryDirectory).held());
  const before = await fingerprint();
  await platform.again(NEW);

  expect(await fingerprint()).toEqual(before);
  expect([await opens(personal), await opens(shared), await opens(revoked)]).toEqual([200, 200, 401]);
  expect(await opens(shared, proxied)).toBe(200);
  expect(authorization).toBe('Bearer of-the-upstream');
});

test('a key revoked after it is refused at once, also by a gateway that knows the old pepper alone', async () => {
  await platform.again(BOTH);
  await ada.ok('DELETE', `/api/users/me/api-keys/${personal.id}`);
  expect(await opens(personal)).toBe(401);
  await platform.again({ ...NEW, KEY_PEPPERS: OLD.KEY_PEPPERS });
  expect([await opens(personal), await opens(shared)]).toEqual([401, 200]);
});

test('says which records no master key opens, and does not call that done', async () => {
  await platform.again(NEW);
  await database.query(`UPDATE keys.api_key SET sealed_key = 'v1.00000000.AAAA.AAAA.AAAA' WHERE id = $1`, [shared.id]);
  const { code, output, fault } = await command(NEW);
  expect([code, fault]).toEqual([1, expect.stringContaining(`keys ${shared.id}`)]);
  expect(output).toContain('0 rotated, 1 left');
  expect(output).not.toContain('0 left under older secrets');
});
