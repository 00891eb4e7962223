import { readFileSync } from 'node:fs';
import { eventually, freePort, OwnRedis, ownCertificate, OwnRedisCluster } from '@tollgate/testing';
import type { AdmissionRequest } from './admission.js';
import { describeDirectory } from './directory.contract.js';
import { created, KEY, revoked } from './directory-story.contract.js';
import { openRedis } from './open-redis.js';
import { parsePlans } from './plans.js';
import { RedisAdmission } from './redis-admission.js';
import type { AnyRedis } from './redis-connection.js';
import { RedisCounters } from './redis-counters.js';
import { EPOCH } from './redis-directory-scripts.js';
import { RedisFleet } from './redis-fleet.js';
import { RedisBench, RIGHTS } from './redis-harness.contract.js';
import { slotOf } from './redis-slots.js';

const DIRECTORY = '{directory}';
const PLANS = parsePlans(JSON.stringify({ free: { syncPerMinute: 'off', asyncPerMinute: 'off', concurrentRuns: 2 } }));

let cluster: OwnRedisCluster;
let bench: RedisBench;
let redis: AnyRedis;
beforeAll(async () => {
  cluster = await OwnRedisCluster.start({ replicaFor: DIRECTORY });
  bench = new RedisBench(cluster.url);
  redis = await bench.connect();
}, 60_000);
afterEach(() => bench.stopMembers());
afterAll(async () => {
  await bench?.dispose();
  await cluster?.dispose();
});

describeDirectory(
  'the directory in a cluster of three',
  async () => {
    await bench.stopMembers();
    const store = bench.store(redis);
    await bench.makeWhole(store);
    const directory = bench.member(store, 'one');
    await directory.ready(2_000);
    return directory;
  },
  25,
);

describe('the fleet on a cluster', () => {
  it('tells a change from any process to all, well before their next look, and has it confirmed', async () => {
    const store = bench.store(redis);
    await bench.makeWhole(store);
    await store.apply([created]);
    const members = [redis, await bench.connect()].map((each, nth) =>
      bench.member(bench.store(each, store.changesChannel.split(':')[0]), `gateway-${nth}`, { leaseMs: 60_000 }),
    );
    await Promise.all(members.map((each) => each.ready(2_000)));
    const fleet = new RedisFleet(store);
    await store.apply([revoked]);
    const { receipt, pending } = await fleet.confirm(2n, new Date(), 5_000);
    fleet.close();
    expect(pending).toEqual([]);
    expect(receipt.gateways.map(({ id }) => id)).toEqual(['gateway-0', 'gateway-1']);
    for (const each of members) expect(await each.read('key', KEY)).toMatchObject({ revoked: true });
  });
});

describe('the limits on a cluster', () => {
  const opened: RedisAdmission[] = [];
  const gateway = (prefix: string, on = redis) => {
    const counters = new RedisCounters({ redis: on, plans: PLANS, prefix });
    const admission = new RedisAdmission(counters);
    opened.push(admission);
    return { admission, counters };
  };
  afterEach(async () => void (await Promise.all(opened.splice(0).map((admission) => admission.close()))));
  const run = (payerUserId: string, nth: number): AdmissionRequest => ({
    ...{ runId: `run-${nth}`, runIdClaimed: false, payerUserId, plan: 'free', usageLimitMicros: null },
    ...{ bucketId: payerUserId, bucket: 'async', reserveMicros: 5_000, nowMs: Date.now() },
  });

  it('spread over all shards by payer, and each holds for all gateways', async () => {
    const payers = Array.from({ length: 30 }, (_, nth) => `spread-${nth}`);
    const [one, other] = [gateway('spread'), gateway('spread', await bench.connect())];
    for (const payer of payers) {
      const answers = [
        await one.admission.admit(run(payer, 1)),
        await other.admission.admit(run(payer, 2)),
        await one.admission.admit(run(payer, 3)),
      ];
      expect(answers.map(({ outcome }) => outcome)).toEqual(['admitted', 'admitted', 'tooManyConcurrent']);
    }
    const shards = await Promise.all(payers.map((payer) => cluster.nodeOf(one.counters.payerKey(payer, 'account'))));
    expect(new Set(shards).size).toBe(cluster.primaries.length);
  });

  it('hold for the payers of every other shard while one does not answer', async () => {
    const payers = Array.from({ length: 30 }, (_, nth) => `silent-${nth}`);
    const [one, other] = [gateway('silent'), gateway('silent', await bench.connect())];
    const shards = await Promise.all(payers.map((payer) => cluster.nodeOf(one.counters.payerKey(payer, 'account'))));
    const silent = shards[0]!;
    const alive = payers.filter((_, nth) => shards[nth] !== silent);
    silent.signal('SIGSTOP');
    try {
      expect(await one.admission.admit(run(payers[0]!, 1))).toMatchObject({ outcome: 'admitted' });
      for (const payer of alive) {
        for (const nth of [1, 2]) expect((await one.admission.admit(run(payer, nth))).outcome).toBe('admitted');
        expect((await other.admission.admit(run(payer, 3))).outcome).toBe('tooManyConcurrent');
      }
    } finally {
      silent.signal('SIGCONT');
    }
  });

  it('go on counting at the new place of a slot that was moved', async () => {
    const { admission, counters } = gateway('moved');
    for (const nth of [1, 2]) expect((await admission.admit(run('u1', nth))).outcome).toBe('admitted');
    const key = counters.payerKey('u1', 'account');
    const before = await cluster.nodeOf(key);
    await cluster.moveSlotOf(key);
    expect(await cluster.nodeOf(key)).not.toBe(before);
    expect((await admission.admit(run('u1', 3))).outcome).toBe('tooManyConcurrent');
  });
});

describe('a replica that takes over the directory', () => {
  it('is not believed until the log was applied to it, and then it is', async () => {
    const store = bench.store(redis);
    await bench.makeWhole(store);
    const known = { keyId: 'k1' };
    const asked = bench.member(store, 'one', { leaseMs: 300, lookup: { find: () => Promise.resolve(known as never) } });
    await asked.apply([created]);
    await asked.ready(2_000);
    expect(await asked.read('key', KEY)).toMatchObject({ revoked: false });
    const before = store.runId;

    await cluster.takeOver();
    await eventually(() => expect(asked.state().reason).toBeDefined());
    // What was replicated lies there, with the epoch of the lost primary: it may lack the last changes, so it proves nothing.
    await eventually(async () => {
      expect(await cluster.ask(DIRECTORY, `EXISTS ${store.changesChannel.replace('changed', `key:${KEY}`)}`)).toBe(
        ':1',
      );
      expect(store.runId).not.toBe(before);
      expect(await store.isWhole()).toBe(false);
    });
    expect(await asked.read('key', KEY)).toBe(known);

    const mark = await eventually(() => store.mark());
    await store.apply([created, revoked]);
    await store.begin(mark);
    await eventually(async () => expect(await asked.read('key', KEY)).toMatchObject({ revoked: true }));
    expect(await store.isWhole()).toBe(true);
  });
});

describe('the start on a cluster', () => {
  const faultOf = (url: string) =>
    openRedis({ url }).then(
      (opened) => (opened.close(), 'opened'),
      (error: Error) => error.message,
    );

  it('takes the first address that answers, and learns the rest', async () => {
    const nobody = `redis://127.0.0.1:${await freePort()}`;
    expect(await faultOf(`${nobody}, ${cluster.primaries[1]!.url}`)).toBe('opened');
    expect(await faultOf(`${nobody},${nobody}`)).toMatch(/^Cannot use REDIS_URL .*ECONNREFUSED/);
  });

  it('says what is wrong with addresses that are none of a cluster, a database, and slots that nobody has', async () => {
    const single = await OwnRedis.start();
    const empty = await OwnRedis.start('--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`);
    expect(await faultOf(`${single.url},${cluster.url}`)).toMatch(/several addresses are for a Redis Cluster/);
    expect(await faultOf(`${cluster.primaries[1]!.url}/1`)).toMatch(/REDIS_URL.*a Redis Cluster has database 0 alone/);
    expect(await faultOf(empty.url)).toBe('Cannot use REDIS_URL: nobody in this cluster has 16384 of the 16384 slots');
    await Promise.all([single.dispose(), empty.dispose()]);
  });

  it('speaks TLS with every node, as the user of the address', async () => {
    const certificate = ownCertificate();
    const [busPort, port] = [await freePort(), await freePort()];
    const node = await OwnRedis.start(
      ...['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`, '--tls-cluster', 'yes', '--tls-port', `${port}`],
      ...['--tls-cert-file', certificate.certificateFile, '--tls-key-file', certificate.keyFile],
      ...['--tls-ca-cert-file', certificate.certificateFile, '--tls-auth-clients', 'no'],
      ...`--user tollgate on >right-word ${RIGHTS} +cluster|slots`.split(' '),
      ...'--user default on nopass -@all +cluster'.split(' '),
    );
    expect(await node.ask('CLUSTER ADDSLOTSRANGE 0 16383')).toBe('+OK');
    const opened = await openRedis({
      url: `rediss://tollgate:right-word@127.0.0.1:${port}`,
      ca: readFileSync(certificate.certificateFile, 'utf8'),
    });
    expect(await eventually(() => opened.eval(EPOCH, ['tollgate:{directory}:epoch'], []))).toBe('');
    opened.close();
    await node.dispose();
    certificate.dispose();
  });

  it('refuses a shard that would throw entries away, and names it', async () => {
    const [, , last] = cluster.primaries;
    await last!.ask('CONFIG SET maxmemory-policy allkeys-lru');
    expect(await faultOf(cluster.primaries[1]!.url)).toMatch(
      new RegExp(`^Cannot use REDIS_URL \\(${last!.url}\\): .*maxmemory-policy allkeys-lru .*noeviction$`),
    );
    await last!.ask('CONFIG SET maxmemory-policy noeviction');
  });

  it('finds the slot of a key as the server does', async () => {
    for (const key of ['', 'foo', '{directory}:x', 'a{b}c{d}', '{}x', 'x{', 'ключ{é}']) {
      const word = key === '' ? '""' : key;
      expect(`:${slotOf(key)}`).toBe(await cluster.primaries[0]!.ask(`CLUSTER KEYSLOT ${word}`));
    }
  });
});
