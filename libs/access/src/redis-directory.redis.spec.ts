import { Cable, eventually, OwnRedis } from '@tollgate/testing';
import { describeDirectory } from './directory.contract.js';
import { created, digestNamed, KEY, revoked, story } from './directory-story.contract.js';
import type { DirectoryLookup } from './directory-lookup.js';
import { DirectoryUnavailable } from './directory.js';
import type { AnyRedis } from './redis-connection.js';
import type { RedisDirectory } from './redis-directory.js';
import type { RedisDirectoryStore } from './redis-directory-store.js';
import { RedisBench } from './redis-harness.contract.js';

const LEASE_MS = 300;

let server: OwnRedis;
let bench: RedisBench;
beforeAll(async () => {
  server = await OwnRedis.start();
  bench = new RedisBench(server.url);
});
afterEach(() => bench.stopMembers());
afterAll(async () => {
  await bench.dispose();
  await server.dispose();
});

let shared: AnyRedis | undefined;
describeDirectory(
  'the directory in Redis',
  async () => {
    await bench.stopMembers();
    const store = bench.store((shared ??= await bench.connect()));
    await bench.makeWhole(store);
    const directory = bench.member(store, 'one');
    await directory.ready(2_000);
    return directory;
  },
  10,
);

describe('a copy of the directory', () => {
  let store: RedisDirectoryStore;
  let one: RedisDirectory;
  let two: RedisDirectory;
  beforeEach(async () => {
    store = bench.store(await bench.connect());
    await bench.makeWhole(store);
    one = bench.member(store, 'one', { leaseMs: LEASE_MS });
    two = bench.member(store, 'two', { leaseMs: LEASE_MS });
    await Promise.all([one.ready(2_000), two.ready(2_000)]);
  });

  it('answers at once what it has read before, and nothing else', async () => {
    await one.apply([created]);
    expect(two.read('key', KEY)).toBeInstanceOf(Promise);
    expect(await two.read('key', KEY)).toMatchObject({ keyId: 'k1', revoked: false });
    await eventually(async () => {
      await two.read('key', KEY);
      expect(two.read('key', KEY)).toMatchObject({ keyId: 'k1', revoked: false });
    });
  });

  it('sees a key at once that another process created after it was unknown here', async () => {
    expect(await two.read('key', KEY)).toBeUndefined();
    await one.apply([created]);
    expect(await two.read('key', KEY)).toMatchObject({ keyId: 'k1' });
  });

  it('loses what another process changed', async () => {
    await one.apply([created]);
    await eventually(async () => {
      await two.read('key', KEY);
      expect(two.read('key', KEY)).not.toBeInstanceOf(Promise);
    });
    await one.apply([revoked]);
    await eventually(async () => expect(await two.read('key', KEY)).toMatchObject({ revoked: true }));
  });

  it('is not kept from an answer that a change has overtaken', async () => {
    await one.apply([created]);
    const early = await store.read('key', KEY);
    await two.apply([revoked]);
    const { DirectoryCopy } = await import('./directory-copy.js');
    const copy = new DirectoryCopy(10);
    copy.beginAnew(early.epoch, early.sequence);
    expect(copy.change(early.sequence + 1, [['key', KEY]])).toBe(true);
    copy.keep('key', KEY, early.entry!, early.epoch!, early.sequence);
    expect(copy.get('key', KEY)).toBeUndefined();
  });

  it('is dropped whole when a change is missing in the line', async () => {
    const { DirectoryCopy } = await import('./directory-copy.js');
    const copy = new DirectoryCopy(10);
    copy.beginAnew('e1', 5);
    expect(copy.change(7, [])).toBe(false);
  });
});

describe('a process that cannot reach Redis', () => {
  let cable: Cable;
  let store: RedisDirectoryStore;
  const asked: string[] = [];
  const lookup: DirectoryLookup = {
    find: (kind, id) => {
      asked.push(`${kind}:${id}`);
      return Promise.reject(new DirectoryUnavailable('the keys service is away'));
    },
  };

  beforeEach(async () => {
    cable = await Cable.to(server.port);
    asked.length = 0;
    const direct = bench.store(await bench.connect());
    await bench.makeWhole(direct);
    await direct.apply([created]);
    store = direct;
  });
  afterEach(() => cable.dispose());

  it('admits from its copy within its lease and not a moment longer, and then asks the keys service', async () => {
    const { RedisDirectoryStore: Store } = await import('./redis-directory-store.js');
    const behind = new Store(
      await bench.connect(`redis://127.0.0.1:${cable.port}`),
      (store as unknown as { prefix: string }).prefix,
    );
    const cutOff = bench.member(behind, 'cut-off', { leaseMs: LEASE_MS, lookup });
    await cutOff.ready(2_000);
    await eventually(async () => {
      await cutOff.read('key', KEY);
      expect(cutOff.read('key', KEY)).not.toBeInstanceOf(Promise);
    });
    cable.cut();
    const cutAtMs = performance.now();
    await store.apply([revoked]);
    const admittedAtMs: number[] = [];
    await eventually(() => {
      const entry = cutOff.read('key', KEY);
      if (entry instanceof Promise) return void entry.catch(() => undefined);
      admittedAtMs.push(performance.now());
      throw new Error('still trusted');
    });
    expect(Math.max(...admittedAtMs) - cutAtMs).toBeLessThanOrEqual(LEASE_MS);
    await expect(cutOff.read('key', KEY)).rejects.toThrow(DirectoryUnavailable);
    expect(asked).toContain(`key:${KEY}`);
    expect(cutOff.state().ready).toBe(false);

    cable.mend();
    await eventually(async () => expect(await cutOff.read('key', KEY)).toMatchObject({ revoked: true }));
  });
});

describe('a process that nobody calls while Redis is away', () => {
  let cable: Cable;
  beforeEach(async () => void (cable = await Cable.to(server.port)));
  afterEach(() => cable.dispose());

  it('is ready as long as the keys service answers, and says so when it does not', async () => {
    await bench.makeWhole(bench.store(await bench.connect(), 'idle'));
    let isAway = false;
    const lookup: DirectoryLookup = {
      find: () => (isAway ? Promise.reject(new DirectoryUnavailable('away')) : Promise.resolve(undefined)),
    };
    const behind = bench.store(await bench.connect(`redis://127.0.0.1:${cable.port}`), 'idle');
    const idle = bench.member(behind, 'idle', { leaseMs: LEASE_MS, lookup });
    await idle.ready(2_000);
    cable.cut();
    await eventually(() => expect(idle.state()).toMatchObject({ ready: true, reason: expect.any(String) }));
    isAway = true;
    await eventually(() => expect(idle.state().ready).toBe(false));
    isAway = false;
    await eventually(() => expect(idle.state().ready).toBe(true));
  });
});

describe('a Redis that has lost its data', () => {
  it.each(['FLUSHALL', 'restart'])('is not believed after %s until the log was applied to it again', async (loss) => {
    const lossy = await OwnRedis.start();
    const own = new RedisBench(lossy.url);
    const store = own.store(await own.connect());
    await own.makeWhole(store);
    const known = { keyId: 'k1' };
    const lookup = { find: () => Promise.resolve(known as never) };
    const directory = own.member(store, 'one', { leaseMs: LEASE_MS, lookup });
    await directory.apply([created]);
    await directory.ready(2_000);

    if (loss === 'FLUSHALL') await lossy.ask('FLUSHALL');
    else {
      await lossy.kill();
      await lossy.again();
    }
    await eventually(() => expect(directory.state().reason).toBeDefined());
    expect(await directory.read('key', KEY)).toBe(known);
    const mark = await eventually(() => store.mark());
    await store.apply([created, revoked]);
    expect(await directory.read('key', KEY)).toBe(known);
    await store.begin(mark);
    await eventually(async () => expect(await directory.read('key', KEY)).toMatchObject({ revoked: true }));

    await own.dispose();
    await lossy.dispose();
  });

  it('is not taken for whole when it was flushed while the log was applied', async () => {
    const store = bench.store(await bench.connect());
    const mark = await store.mark();
    await store.apply([created]);
    await server.ask('FLUSHALL');
    await expect(store.begin(mark)).rejects.toThrow('flushed meanwhile');
    expect(await store.isWhole()).toBe(false);
  });
});

it('knows the same as memory does after the same story, by an independent look', async () => {
  const store = bench.store(await bench.connect());
  await bench.makeWhole(store);
  await store.apply(story());
  const { MemoryDirectory } = await import('./memory-directory.js');
  const memory = new MemoryDirectory();
  memory.markReady();
  await memory.apply(story());
  expect((await store.read('key', digestNamed('shared'))).entry).toEqual(memory.read('key', digestNamed('shared')));
});
