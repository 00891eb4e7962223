import { Cable, eventually, OwnRedis } from '@tollgate/testing';
import { created, KEY, revoked } from './directory-story.contract.js';
import { RedisDirectoryStore } from './redis-directory-store.js';
import { RedisFleet } from './redis-fleet.js';
import { RedisBench } from './redis-harness.contract.js';

const LEASE_MS = 300;
const COMMITTED_AT = new Date('2026-11-27T12:00:00.000Z');

describe('the fleet', () => {
  let server: OwnRedis;
  let bench: RedisBench;
  let cable: Cable;
  let store: RedisDirectoryStore;
  let fleet: RedisFleet;
  const prefix = 'fleet';
  const member = async (name: string, port = server.port) => {
    const own = new RedisDirectoryStore(await bench.connect(`redis://127.0.0.1:${port}`), prefix);
    const directory = bench.member(own, name, { leaseMs: LEASE_MS });
    await directory.ready(2_000);
    return directory;
  };

  beforeEach(async () => {
    server = await OwnRedis.start();
    cable = await Cable.to(server.port);
    bench = new RedisBench(server.url);
    store = new RedisDirectoryStore(await bench.connect(), prefix);
    await bench.makeWhole(store);
    await store.apply([created]);
    fleet = new RedisFleet(store);
  });
  afterEach(async () => {
    fleet.close();
    await bench.dispose();
    await cable.dispose();
    await server.dispose();
  });

  it('tells who is in it, by id, and how far each has come', async () => {
    await Promise.all([member('two'), member('one')]);
    await eventually(async () => {
      const members = await fleet.members();
      expect(members.map(({ id, lag, leaseMs }) => [id, lag, leaseMs])).toEqual([
        ['one', 0, LEASE_MS],
        ['two', 0, LEASE_MS],
      ]);
    });
    const beats = async () => (await fleet.members()).map(({ beat }) => beat);
    const before = await beats();
    await eventually(async () => {
      for (const [at, beat] of (await beats()).entries()) expect(beat).not.toBe(before[at]);
    });
  });

  it('has confirmed a change when each member has applied it, and says when each had', async () => {
    const [one, two] = [await member('one'), await member('two')];
    await Promise.all([one, two].map((directory) => directory.read('key', KEY)));
    await store.apply([revoked]);
    const { receipt, pending } = await fleet.confirm(2n, COMMITTED_AT);

    expect([await one.read('key', KEY), await two.read('key', KEY)]).toEqual([
      expect.objectContaining({ revoked: true }),
      expect.objectContaining({ revoked: true }),
    ]);
    expect(pending).toEqual([]);
    expect(receipt).toEqual({
      position: '2',
      revokedAt: COMMITTED_AT.toISOString(),
      confirmedAt: expect.stringMatching(/Z$/),
      gateways: [
        { id: 'one', appliedAt: expect.stringMatching(/\.\d{3}Z$/) },
        { id: 'two', appliedAt: expect.stringMatching(/\.\d{3}Z$/) },
      ],
      fenced: [],
    });
  });

  it('fences a member that is cut off, not before it trusts nothing any more, and forgets it', async () => {
    await member('one');
    const cutOff = await member('cut-off', cable.port);
    await eventually(async () => {
      await cutOff.read('key', KEY);
      expect(cutOff.read('key', KEY)).not.toBeInstanceOf(Promise);
    });
    cable.cut();
    await store.apply([revoked]);
    const { receipt, pending } = await fleet.confirm(2n, COMMITTED_AT);
    const afterwards = cutOff.read('key', KEY);
    if (afterwards instanceof Promise) afterwards.catch(() => undefined);

    expect(pending).toEqual([]);
    expect(receipt.fenced).toEqual(['cut-off']);
    expect(receipt.gateways.map(({ id }) => id)).toEqual(['one']);
    expect(afterwards).toBeInstanceOf(Promise);
    const beganMs = performance.now();
    expect((await fleet.confirm(2n, COMMITTED_AT)).receipt.fenced).toEqual([]);
    expect(performance.now() - beganMs).toBeLessThan(LEASE_MS);
  });

  it('names those that are pending when the time is up', async () => {
    await member('cut-off', cable.port);
    cable.cut();
    await store.apply([revoked]);
    const { receipt, pending } = await fleet.confirm(2n, COMMITTED_AT, 100);
    expect(pending).toEqual(['cut-off']);
    expect(receipt).toMatchObject({ confirmedAt: null, gateways: [], fenced: [] });
  });

  it('fences one that died although each wait is shorter than its lease', async () => {
    await member('died', cable.port);
    cable.cut();
    await store.apply([revoked]);
    await eventually(async () => {
      expect((await fleet.confirm(2n, COMMITTED_AT, LEASE_MS / 3)).receipt.fenced).toEqual(['died']);
    });
  });

  it('counts nobody as done while Redis is away, and nobody as absent when it comes back empty', async () => {
    await member('one');
    await fleet.confirm(1n, COMMITTED_AT);
    const silent = await member('cut-off', cable.port);
    await fleet.confirm(1n, COMMITTED_AT);
    cable.cut();
    await server.kill();
    expect((await fleet.confirm(2n, COMMITTED_AT, 100)).pending).toEqual(['cut-off', 'one']);

    await server.again();
    const mark = await eventually(() => store.mark());
    await store.apply([created, revoked]);
    await store.begin(mark);
    const { receipt, pending } = await fleet.confirm(2n, COMMITTED_AT);
    expect(pending).toEqual([]);
    expect(receipt.gateways.map(({ id }) => id)).toEqual(['one']);
    expect(receipt.fenced).toEqual(['cut-off']);
    expect(silent.state().ready).toBe(false);
  });

  it('waits for nobody who was fenced before, while Redis is away', async () => {
    await member('one');
    await member('died', cable.port);
    cable.cut();
    await store.apply([revoked]);
    expect((await fleet.confirm(2n, COMMITTED_AT)).receipt.fenced).toEqual(['died']);
    await server.kill();
    expect((await fleet.confirm(2n, COMMITTED_AT, 100)).pending).toEqual(['one']);
  });

  it('does not know whom to ask when Redis was never reached', async () => {
    await server.kill();
    expect((await new RedisFleet(store).confirm(2n, COMMITTED_AT, 100)).pending).toEqual(['unknown']);
  });

  it('waits for nobody who left in order', async () => {
    const one = await member('one');
    await one.stop();
    expect((await fleet.confirm(1n, COMMITTED_AT)).receipt).toMatchObject({ gateways: [], fenced: [] });
  });
});
