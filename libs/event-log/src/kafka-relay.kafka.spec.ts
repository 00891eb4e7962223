import { eventually } from '@tollgate/testing';
import { TOPICS } from '@tollgate/contracts';
import { headPosition } from './fact-table.js';
import { Followings, keyRenamed, listener, seeded } from './harness.contract.js';
import type { KafkaEventLog } from './kafka-event-log.js';
import type { KafkaClient } from './kafka-client.js';
import { KafkaBench } from './kafka-harness.contract.js';
import { Outbox } from './kafka-outbox.js';
import { KafkaRelay } from './kafka-relay.js';
import { KafkaSender } from './kafka-sender.js';
import { LogListener } from './log-listener.js';
import { sleep } from './pauses.js';
import { sqlOfPg } from './sql-session.js';

const LEASE_MS = 300;
const ROUNDS = 12;

describe('the relay from the outbox to Kafka', () => {
  let bench: KafkaBench;
  let log: KafkaEventLog;
  const followings = new Followings();
  const relays: KafkaRelay[] = [];
  const senders: KafkaSender[] = [];

  beforeAll(async () => {
    bench = await KafkaBench.create(process.env);
  });
  beforeEach(async () => {
    await bench.empty();
    log = await bench.log({ relay: false });
  });
  afterEach(async () => {
    await followings.stop();
    await Promise.all(relays.splice(0).map((relay) => relay.stop()));
    await Promise.all(senders.splice(0).map((sender) => sender.close()));
    await bench.closeLogs();
  });
  afterAll(() => bench?.close());

  /** A relay of another process, on an outbox or a client that may be made to fail it. */
  function newRelay(outbox = newOutbox(), client: Pick<KafkaClient, 'producer'> = bench.client): KafkaRelay {
    const { database, told, topicPrefix } = bench;
    const sender = new KafkaSender({ client, sleep, timeoutMs: 10_000 });
    senders.push(sender);
    const relay = new KafkaRelay({
      outbox,
      head: () => headPosition(sqlOfPg(database.pool), TOPICS),
      sender,
      listener: new LogListener({ connection: { connectionString: database.url }, log: told.log, sleep }),
      topicPrefix,
      log: told.log,
      sleep,
      pollMs: 20,
      leaseMs: LEASE_MS,
    });
    relays.push(relay);
    return relay;
  }

  function newOutbox(): Outbox {
    return new Outbox(sqlOfPg(bench.database.pool), bench.topicPrefix);
  }

  /** An outbox whose relay halts after Kafka has acknowledged and before the checkpoint, as by SIGKILL or SIGSTOP. */
  function haltingOutbox() {
    const outbox = newOutbox();
    const halted = Promise.withResolvers<void>();
    const waking = Promise.withResolvers<void>();
    const moveOn = outbox.moveOn.bind(outbox);
    outbox.moveOn = async (holder, from, to) => {
      halted.resolve();
      await waking.promise;
      return moveOn(holder, from, to);
    };
    return { outbox, halted: halted.promise, wake: waking.resolve };
  }

  /** A client whose relay halts before its `nth` request, as by SIGSTOP. */
  function haltingClient(nth: number) {
    const halted = Promise.withResolvers<void>();
    const waking = Promise.withResolvers<void>();
    let requests = 0;
    const producer = async () => {
      const open = await bench.client.producer();
      const sendBatch: typeof open.sendBatch = async (batch) => {
        requests += 1;
        if (requests === nth) halted.resolve();
        if (requests === nth) await waking.promise;
        return open.sendBatch(batch);
      };
      return { ...open, sendBatch };
    };
    return { client: { producer }, halted: halted.promise, wake: waking.resolve };
  }

  async function append(...events: ReturnType<typeof keyRenamed>[]) {
    const transaction = await bench.database.begin();
    const logged = await log.append(transaction.session, events);
    await transaction.commit();
    return logged;
  }

  /** All that Kafka has, copies included. */
  async function inKafka() {
    const reader = listener('reader', ['keys']);
    const following = log.follow(reader.follower);
    await following.caughtUp(10_000);
    await following.stop();
    return reader.seen;
  }

  it('repeats what it had sent when it is killed before its checkpoint, and reorders nothing', async () => {
    const appended = await append(keyRenamed('a'), keyRenamed('b'));
    const { outbox, halted, wake } = haltingOutbox();
    const halting = newRelay(outbox);
    await halted;
    const more = await append(keyRenamed('c'), keyRenamed('d'));
    const next = newRelay();
    await next.caughtUp(10_000);
    const ids = (await inKafka()).map(({ id }) => id);
    expect(ids).toEqual(['a', 'b', 'a', 'b', 'c', 'd']);
    expect(next.state()).toMatchObject({ status: 'running', position: more[1]?.position, head: more[1]?.position });

    // The stopped one wakes: its checkpoint is refused, and it sends nothing that was not sent.
    wake();
    await halting.stop();
    expect(await newOutbox().passedOn()).toBe(more[1]?.position);
    await append(keyRenamed('e'));
    await next.caughtUp(10_000);
    const woken = (await inKafka()).map(({ id }) => id);
    expect(woken).toEqual(['a', 'b', 'a', 'b', 'c', 'd', 'e']);
    expect(appended[0]?.position).toBeGreaterThan(0n);
  });

  it.each([
    ['before', 1, ['a', 'b', 'c', 'd', 'a', 'b', 'c']],
    ['in the middle of', 2, ['a', 'a', 'b', 'c', 'd', 'b', 'c']],
  ])('only repeats when it sleeps %s its publish until it is long replaced', async (_when, nth, expected) => {
    // Two of them are too much for one request.
    const big = (id: string) => keyRenamed(id, 'key_1', id.repeat(500_000));
    await append(big('a'), big('b'), keyRenamed('c'));
    const { client, halted, wake } = haltingClient(nth);
    const sleeper = newRelay(newOutbox(), client);
    await halted;
    const [last] = await append(keyRenamed('d'));
    await newRelay().caughtUp(10_000);

    wake();
    await sleeper.stop();
    expect((await inKafka()).map(({ id }) => id)).toEqual(expected);
    expect(await newOutbox().passedOn()).toBe(last?.position);
  });

  it(`keeps the first sight of everything in order through ${ROUNDS} deaths under load`, async () => {
    const random = seeded(20_260_103);
    const appended: string[] = [];
    const sleepers: (() => Promise<void>)[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { outbox, halted, wake } = haltingOutbox();
      const relay = newRelay(outbox);
      sleepers.push(() => (wake(), relay.stop()));
      for (let nth = 0; nth <= random(4); nth += 1) {
        const id = `r${round}.${nth}`;
        await append(keyRenamed(id, `key_${random(3)}`));
        appended.push(id);
      }
      await halted;
      if (random(3) === 0) await sleepers.shift()?.();
    }
    await Promise.all(sleepers.map((wakeAndStop) => wakeAndStop()));
    await newRelay().caughtUp(20_000);
    const seen = await inKafka();
    const firsts = [...new Map(seen.toReversed().map((event) => [event.id, event])).values()].reverse();
    firsts.sort(
      (one, other) => seen.findIndex(({ id }) => id === one.id) - seen.findIndex(({ id }) => id === other.id),
    );
    expect(seen.length).toBeGreaterThan(appended.length);
    expect(firsts.map(({ id }) => id)).toEqual(appended);
    // A copy is the event itself, at its position: whoever goes by either takes it for nothing new.
    for (const { id, position } of seen) expect(firsts.find((first) => first.id === id)?.position).toBe(position);
  });

  it('works in one process at a time, and goes over at once when that one stops', async () => {
    const two = [newRelay(), newRelay()];
    await eventually(() => expect(two.filter((relay) => relay.active)).toHaveLength(1));
    for (let nth = 0; nth < 30; nth += 1) {
      await append(keyRenamed(`e${nth}`));
      expect(two.filter((relay) => relay.active).length).toBeLessThanOrEqual(1);
    }
    const worker = two.find((relay) => relay.active);
    await worker?.stop();
    await append(keyRenamed('last'));
    await two.find((relay) => relay !== worker)?.caughtUp(10_000);
    // What was not acknowledged in time may be there twice: the first sight of each is in order.
    const firsts = new Set((await inKafka()).map(({ id }) => id));
    expect([...firsts]).toEqual([...Array.from({ length: 30 }, (_, nth) => `e${nth}`), 'last']);
  });

  it('passes on a fact of a type that it does not know', async () => {
    await bench.database.pool.query(`INSERT INTO event_log.facts (id, topic, subject, type, event) VALUES
      ('new', 'keys', 'key_1', 'KeyBlessed', '{"specversion":"1.0","type":"KeyBlessed"}')`);
    await append(keyRenamed('a'));
    await newRelay().caughtUp(10_000);
    expect(await bench.client.ends(`${bench.topicPrefix}keys`)).toEqual([{ partition: 0, low: 0n, end: 2n }]);
  });

  it('tells a follower that waits for it', async () => {
    await append(keyRenamed('a'));
    const { follower } = listener('early', ['keys']);
    const following = followings.start(log, follower);
    await expect(following.caughtUp(1_000)).rejects.toThrow(/early.*waiting for the relay to pass on position \d+/);
    newRelay();
    await following.caughtUp(10_000);
  });
});
