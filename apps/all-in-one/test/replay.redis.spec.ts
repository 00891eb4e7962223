import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { RedisConnection } from '@tollgate/access';
import { freePort, OwnRedis } from '@tollgate/testing';
import { FleetOnRedis } from './fleet-on-redis.js';
import { Person } from './person.js';

const REPLAY = join(import.meta.dirname, '../dist/replay.js');

describe('npm run replay -- --redis', () => {
  let fleet: FleetOnRedis;
  let target: OwnRedis;
  let revokedName: string;

  beforeAll(async () => {
    [fleet, target] = [await FleetOnRedis.start(), await OwnRedis.start()];
    const place = fleet.through(0);
    const [ada, bob] = [await Person.signUp(place, 'Ada'), await Person.signUp(place, 'Bob')];
    const workspaceId = await ada.workspace();
    const workflowId = await ada.workflow(workspaceId);
    await ada.join(workspaceId, bob, 'read');
    await ada.ok('DELETE', `/api/workspaces/${workspaceId}/members/${bob.userId}`);
    await ada.ok('DELETE', `/api/workflows/${workflowId}`);
    const { id } = await ada.personalKey('revoked');
    await ada.ok('DELETE', `/api/users/me/api-keys/${id}`);
    await ada.personalKey('kept');
    revokedName = id;
  }, 60_000);
  afterAll(async () => {
    await fleet?.dispose();
    await target?.dispose();
  });

  async function replay(redis: string): Promise<{ code: number; said: string }> {
    const env = { PATH: process.env.PATH, DATABASE_URL: fleet.database.url, REDIS_URL: fleet.redis.url };
    const child = spawn(process.execPath, [REPLAY, '--redis', redis], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, said };
  }

  /** Runs Lua on one of the servers. */
  async function onRedis<Reply>(url: string, text: string, ...values: string[]): Promise<Reply> {
    const connection = await RedisConnection.open({ url });
    try {
      return await connection.eval<Reply>({ text, sha: '0'.repeat(40) }, [], values);
    } finally {
      connection.close();
    }
  }

  /** Of one key's entry: field, position and value. */
  const ENTRY_OF = `
    for _, key in ipairs(redis.call('KEYS', 'tollgate:{directory}:key:*')) do
      if string.find(redis.call('HGET', key, 'keyId'), ARGV[1], 1, true) then return redis.call('HGETALL', key) end
    end`;

  test('given an empty Redis, it holds what the log says and the live one holds, tombstones and positions included', async () => {
    const { code, said } = await replay(target.url);

    console.info(said);
    expect({ code, said }).toMatchObject({ code: 0, said: expect.stringMatching(/directory: \d+ events in /) });
    expect(said.match(/(folded|live) .*identical/g)).toHaveLength(2);
    const entry = await onRedis<string[]>(target.url, ENTRY_OF, revokedName);
    expect(entry.filter((_, nth) => nth % 2 === 0)).toContain('revoked');
    expect(entry.sort()).toEqual((await onRedis<string[]>(fleet.redis.url, ENTRY_OF, revokedName)).sort());
  }, 30_000);

  test('given a Redis that holds anything, or the one in use, or none, it says so and touches nothing', async () => {
    const before = await target.ask('DBSIZE');
    const full = await replay(target.url);
    expect(full).toMatchObject({ code: 1, said: expect.stringMatching(/--redis: .* is not empty, it has \d+ keys/) });
    expect(await target.ask('DBSIZE')).toBe(before);

    const own = await replay(fleet.redis.url);
    expect(own).toMatchObject({ code: 1, said: expect.stringContaining('is the Redis that the platform uses') });

    const none = await replay(`redis://127.0.0.1:${await freePort()}`);
    expect(none).toMatchObject({ code: 1, said: expect.stringContaining('Cannot use --redis (redis://127.0.0.1:') });
  }, 30_000);

  test('given a live directory in which a key lost its tombstone, it says that the live one is different', async () => {
    await onRedis(
      fleet.redis.url,
      `for _, key in ipairs(redis.call('KEYS', 'tollgate:{directory}:key:*')) do redis.call('HDEL', key, 'revoked') end`,
    );
    const { code, said } = await replay(`${target.url}/1`);
    expect(code).toBe(1);
    expect(said).toMatch(/folded .*identical\n.*live .*DIFFERENT/);
  }, 30_000);
});
