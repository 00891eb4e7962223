import { eventually } from '@tollgate/testing';
import type { LoggedEvent } from '@tollgate/contracts';
import type { Follower, Following } from './event-log.js';
import { appendCommitted, Followings, keyRenamed, listener, requestBilled } from './harness.contract.js';
import type { EventLogHarness } from './harness.contract.js';
import type { KafkaEventLog } from './kafka-event-log.js';
import { CHECKPOINTS, KafkaBench } from './kafka-harness.contract.js';

const REBALANCE_TIMEOUT_MS = 60_000;

describe('a follower of Kafka', () => {
  let bench: KafkaBench;
  let harness: EventLogHarness;
  const followings = new Followings();

  beforeAll(async () => {
    bench = await KafkaBench.create(process.env);
  });
  beforeEach(async () => {
    harness = await bench.harness();
  });
  afterEach(async () => {
    await followings.stop();
    await harness.close();
  });
  afterAll(() => bench?.close());

  function recorder(more: Partial<Follower> = {}): Follower {
    const handle: Follower['handle'] = async (events, transaction) => {
      for (const { id } of events) if (transaction) await harness.recordEffect(transaction, id);
    };
    return { name: 'recorder', topics: ['usage'], checkpoint: bench.checkpoint(), handle, ...more };
  }

  /** A run of one of ten payers, so that all partitions are used. */
  function billedTo(payer: number, id: string) {
    const event = requestBilled(id);
    return { ...event, data: { ...event.data, payerUserId: `usr_${payer}` } };
  }

  const send = (topic: string, value: string, headers: Record<string, string> = {}) =>
    bench.client
      .producer()
      .then((producer) =>
        producer
          .sendBatch({ acks: -1, topicMessages: [{ topic, messages: [{ key: 'key_1', value, headers }] }] })
          .finally(() => producer.disconnect()),
      );

  const partitionsBegun = async () => {
    const { rows } = await bench.database.pool.query(`SELECT follower FROM ${CHECKPOINTS} WHERE position > 0`);
    return rows.length;
  };

  it('has one effect per event when its connection dies between effect and commit', async () => {
    let killed = false;
    const plain = recorder();
    const following = followings.start(
      harness.log,
      recorder({
        handle: async (events, transaction) => {
          await plain.handle(events, transaction);
          if (killed) return;
          killed = true;
          const [row] = (await transaction?.rows('SELECT pg_backend_pid() AS pid')) as { pid: number }[];
          await bench.database.pool.query('SELECT pg_terminate_backend($1)', [row?.pid]);
        },
      }),
    );
    const ids = Array.from({ length: 20 }, (_, nth) => `e${nth}`);
    await harness.log.publish(ids.map((id, nth) => billedTo(nth % 10, id)));
    await following.caughtUp(20_000);
    expect(killed).toBe(true);
    expect((await harness.effects()).sort()).toEqual(ids.sort());
    expect(following.state()).toMatchObject({ status: 'running', position: 20n, head: 20n });
  });

  it(
    'takes nothing twice when a consumer that was thought dead goes on',
    async () => {
      const gate = Promise.withResolvers<void>();
      const plain = recorder();
      let held = 0;
      const stuck = recorder({
        handle: async (events, transaction) => {
          held += events.length;
          await gate.promise;
          await plain.handle(events, transaction);
        },
      });
      await harness.log.publish([billedTo(1, 'a'), billedTo(1, 'b')]);
      const zombie = followings.start(harness.log, stuck);
      await eventually(() => expect(held).toBe(2), { timeoutMs: 10_000 });
      const other = followings.start(harness.elsewhere, recorder());
      // Joined: the group has given up on the one that is stuck, and this one waits for its row.
      await eventually(() => expect(other.state().status).not.toBe('starting'), { timeoutMs: 30_000 });
      gate.resolve();
      await harness.log.publish([billedTo(1, 'c'), billedTo(2, 'd')]);
      await Promise.all([zombie.caughtUp(20_000), other.caughtUp(20_000)]);
      expect((await harness.effects()).sort()).toEqual(['a', 'b', 'c', 'd']);
    },
    REBALANCE_TIMEOUT_MS,
  );

  it(
    'shares partitions with processes that come and go under load, without loss or double effect',
    async () => {
      const sent: string[] = [];
      let loading = true;
      const load = (async () => {
        for (let nth = 0; loading; nth += 1) {
          const batch = Array.from({ length: 20 }, (_, of) => billedTo(of % 10, `${of % 10}.${nth}.${of}`));
          await harness.log.publish(batch);
          sent.push(...batch.map(({ id }) => id));
        }
      })();
      const logs: KafkaEventLog[] = await Promise.all([1, 2, 3].map(() => bench.log({ relay: false })));
      const effects = async () => (await harness.effects()).length;
      const progress = async () => {
        const before = await effects();
        await eventually(async () => expect(await effects()).toBeGreaterThan(before + 500), { timeoutMs: 20_000 });
      };
      const alive: Following[] = [followings.start(logs[0]!, recorder())];
      await progress();
      alive.push(followings.start(logs[1]!, recorder({ batchEventsMax: 7 })));
      await progress();
      alive.push(followings.start(logs[2]!, recorder()));
      await progress();
      await alive.shift()?.stop();
      await progress();
      await alive.shift()?.stop();
      await progress();
      loading = false;
      await load;
      await alive[0]?.caughtUp(30_000);
      const got = await harness.effects();
      expect(got.length).toBe(sent.length);
      expect(new Set(got)).toEqual(new Set(sent));
      expect(await partitionsBegun()).toBeGreaterThan(1);
      // The order of each payer's runs is the order in which they were published.
      for (let payer = 0; payer < 10; payer += 1) {
        const of = (ids: string[]) => ids.filter((id) => id.startsWith(`${payer}.`));
        expect(of(got)).toEqual(of(sent));
      }
    },
    REBALANCE_TIMEOUT_MS,
  );

  describe('at a record that is no event', () => {
    const FAULTS = [
      ['no JSON', '{', /JSON/],
      ['a wrong envelope', '{"specversion":"1.0"}', /id/],
      [
        'an unknown type',
        JSON.stringify({
          specversion: '1.0',
          id: 'x',
          source: '/tollgate/keys',
          type: 'KeyBlessed',
          subject: 'key_1',
          time: '2026-01-02T03:04:05.678Z',
          datacontenttype: 'application/json',
          data: {},
        }),
        /unknown type KeyBlessed/,
      ],
    ] as const;

    it.each(FAULTS)(
      'stops loudly, having handled what came before (%s), and goes on past it when told',
      async (...of) => {
        const [, value, fault] = of;
        const topic = `${bench.topicPrefix}keys`;
        await appendCommitted(harness, [keyRenamed('a')]);
        await eventually(async () => expect((await bench.client.ends(topic))[0]?.end).toBe(1n));
        await send(topic, value, { position: '7' });
        const keys = { topics: ['keys'] as const };
        const following = followings.start(harness.log, recorder(keys));
        await expect(following.caughtUp(10_000)).rejects.toThrow(`stopped at ${topic}/0/1`);
        expect(following.state()).toMatchObject({
          status: 'failed',
          position: 1n,
          error: expect.stringMatching(fault),
        });
        expect(await harness.effects()).toEqual(['a']);
        expect(bench.told.lines.some(({ level }) => level === 'error')).toBe(true);
        await appendCommitted(harness, [keyRenamed('b')]);

        const [, skip] = /KAFKA_SKIP=(\S+)$/.exec(following.state().error ?? '') ?? [];
        expect(skip).toBe(`recorder@${topic}/0/1`);
        const told = await bench.log({ skip: [skip ?? ''] });
        await followings.start(told, recorder(keys)).caughtUp(10_000);
        expect(await harness.effects()).toEqual(['a', 'b']);
        // Nobody else passes over it.
        const other = followings.start(told, recorder({ ...keys, name: 'other' }));
        await expect(other.caughtUp(10_000)).rejects.toThrow('KAFKA_SKIP=other@');
      },
    );

    it('stops at a control-plane event without its position', async () => {
      const topic = `${bench.topicPrefix}keys`;
      await send(topic, JSON.stringify({}), {});
      const { follower } = listener('directory', ['keys']);
      const following = followings.start(harness.log, follower);
      await expect(following.caughtUp(10_000)).rejects.toThrow(/position header/);
    });
  });

  it('begins where a checkpoint is set back to, also while it runs', async () => {
    const following = followings.start(harness.log, recorder());
    await harness.log.publish(['a', 'b', 'c'].map((id) => billedTo(1, id)));
    await following.caughtUp(10_000);
    await bench.database.pool.query(`UPDATE ${CHECKPOINTS} SET position = 0`);
    await harness.log.publish([billedTo(1, 'd')]);
    await eventually(async () => expect(await harness.effects()).toHaveLength(7), { timeoutMs: 10_000 });
    expect(await harness.effects()).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'd']);
  });

  it('stops loudly when events that it has not seen were deleted', async () => {
    const topic = `${bench.topicPrefix}keys`;
    const first = followings.start(harness.log, recorder({ topics: ['keys'] }));
    await appendCommitted(harness, [keyRenamed('a')]);
    await first.caughtUp(10_000);
    await first.stop();
    await appendCommitted(harness, [keyRenamed('b'), keyRenamed('c')]);
    await eventually(async () => expect((await bench.client.ends(topic))[0]?.end).toBe(3n));
    await bench.client.admin((admin) =>
      admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] }),
    );
    const second = followings.start(harness.log, recorder({ topics: ['keys'] }));
    await expect(second.caughtUp(15_000)).rejects.toThrow(/begins at 2.*deleted/);
    expect(await harness.effects()).toEqual(['a']);
    // A new one begins where the log begins.
    await followings.start(harness.log, recorder({ topics: ['keys'], name: 'late' })).caughtUp(10_000);
    expect(await harness.effects()).toEqual(['a', 'c']);
  });

  it('gives a control-plane event the position of its append, and the rest their own', async () => {
    const logged = await appendCommitted(harness, [keyRenamed('a'), keyRenamed('b')]);
    await harness.log.publish([billedTo(1, 'c'), billedTo(1, 'd')]);
    const { follower, seen } = listener('all', ['keys', 'usage']);
    await followings.start(harness.log, follower).caughtUp(10_000);
    const positions = (topic: string) =>
      seen.filter(({ type }) => type === topic).map((event: LoggedEvent) => event.position);
    expect(positions('KeyRenamed')).toEqual(logged.map(({ position }) => position));
    expect(positions('RequestBilled')).toEqual([1n, 2n]);
  });
});
