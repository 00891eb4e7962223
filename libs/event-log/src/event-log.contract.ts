import { CONTROL_TOPICS, DATA_TOPICS, TOPICS } from '@tollgate/contracts';
import type { LoggedEvent, NewEvent } from '@tollgate/contracts';
import { PUBLISH_EVENTS_MAX } from './event-log.js';
import { followingContract } from './following.contract.js';
import { appendCommitted, Followings, keyRenamed, listener, requestBilled, runFinished } from './harness.contract.js';
import { expectGrowingPositions, expectSameEvents, expectSameIds, seeded, userSuspended } from './harness.contract.js';
import type { EventLogHarness, MakeHarness } from './harness.contract.js';
import { commitOutOfOrder } from './out-of-order.contract.js';

const DEFAULT_SEED = 20_260_102;
const WRITERS = 8;
const TRANSACTIONS_EACH = 12;

/** The promises of the event log, which every body keeps. */
export function eventLogContract(name: string, makeHarness: MakeHarness, seed = DEFAULT_SEED): void {
  describe(`${name} keeps the contract of the event log`, () => {
    let harness: EventLogHarness;
    const followings = new Followings();
    beforeEach(async () => {
      harness = await makeHarness();
    });
    afterEach(async () => {
      await followings.stop();
      await harness.close();
    });

    /** Everything that is in the log now, as a new follower gets it. */
    async function everything(topics = TOPICS as readonly (typeof TOPICS)[number][]): Promise<LoggedEvent[]> {
      const reader = listener('reader', topics);
      const following = harness.elsewhere.follow(reader.follower);
      await following.caughtUp(10_000);
      await following.stop();
      return reader.seen;
    }

    it('has an event if and only if its transaction committed', async () => {
      const kept = await harness.begin();
      await harness.log.append(kept.session, [keyRenamed('kept')]);
      expect(await everything()).toEqual([]);
      await kept.commit();
      const dropped = await harness.begin();
      await harness.log.append(dropped.session, [keyRenamed('dropped')]);
      await dropped.rollback();
      expect((await everything()).map(({ id }) => id)).toEqual(['kept']);
    });

    it('gives appended events back in order with growing positions, and followers get the same', async () => {
      const appended = await appendCommitted(harness, [keyRenamed('a'), userSuspended('b'), keyRenamed('c')]);
      expect(appended.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
      const positions = appended.map(({ position }) => position);
      expect(positions).toEqual([...positions].sort((one, other) => Number(one - other)));
      expect(positions[0]).toBeGreaterThan(0n);
      expectSameEvents(harness, await everything(), appended);
    });

    it('keeps what is in an event to the letter', async () => {
      const event = runFinished('hard');
      await harness.log.publish([event]);
      const [logged] = (await everything()) as LoggedEvent<'RunFinished'>[];
      expect(logged).toEqual({ ...event, position: expect.any(BigInt) });
      expect(JSON.stringify(logged?.data.input)).toBe(JSON.stringify(event.data.input));
    });

    it('refuses an event that does not fit its schema, and drops a field that the schema does not know', async () => {
      const nameless = { ...keyRenamed('bad'), data: { ...keyRenamed('bad').data, name: 7 } } as unknown as NewEvent;
      await expect(appendCommitted(harness, [keyRenamed('good'), nameless])).rejects.toThrow(/bad.*name/s);
      const telling = { ...keyRenamed('told'), data: { ...keyRenamed('told').data, secret: 'sk' } } as NewEvent;
      await appendCommitted(harness, [telling]);
      expect(await everything()).toEqual([{ ...keyRenamed('told'), position: expect.any(BigInt) }]);
    });

    it('refuses an append with an id that is in the log', async () => {
      await appendCommitted(harness, [keyRenamed('once')]);
      await expect(appendCommitted(harness, [keyRenamed('once')])).rejects.toThrow();
      await expect(appendCommitted(harness, [keyRenamed('twin'), keyRenamed('twin')])).rejects.toThrow();
      expect((await everything()).map(({ id }) => id)).toEqual(['once']);
    });

    it('enters a published id once, however often it is published', async () => {
      await harness.log.publish([requestBilled('1'), requestBilled('2'), requestBilled('2')]);
      await harness.log.publish([requestBilled('2'), requestBilled('3')]);
      const again = () => harness.log.publish([requestBilled('4'), requestBilled('1')]);
      await Promise.all([again(), again(), harness.elsewhere.publish([requestBilled('4')])]);
      const ids = (await everything()).map(({ id }) => id);
      expectSameIds(harness, ids, ['1', '2', '3', '4']);
    });

    it('publishes all events of a call or none, and not too many', async () => {
      const bad = { ...requestBilled('bad'), subject: '' };
      await expect(harness.log.publish([requestBilled('good'), bad])).rejects.toThrow(/envelope/);
      const many = Array.from({ length: PUBLISH_EVENTS_MAX + 1 }, (_, nth) => requestBilled(`${nth}`));
      await expect(harness.log.publish(many)).rejects.toThrow(/at most/);
      await harness.log.publish([]);
      expect(await everything()).toEqual([]);
    });

    it('gives a follower the events of its topics only', async () => {
      await appendCommitted(harness, [keyRenamed('key'), userSuspended('user')]);
      await harness.log.publish([requestBilled('billed'), runFinished('finished')]);
      const idsOf = async (...topics: (typeof TOPICS)[number][]) => (await everything(topics)).map(({ id }) => id);
      expect(await idsOf('keys')).toEqual(['key']);
      expectSameIds(harness, await idsOf('runs', 'users'), ['user', 'finished']);
      expectSameIds(harness, await idsOf(...CONTROL_TOPICS), ['key', 'user']);
      expectSameIds(harness, await idsOf(...DATA_TOPICS), ['billed', 'finished']);
    });

    it('gives every event to every follower, however small its batches are', async () => {
      const listeners = [1, 3, 500].map((batchEventsMax) =>
        listener(`by ${batchEventsMax}`, TOPICS, { batchEventsMax }),
      );
      const all = listeners.map(({ follower }) => followings.start(harness.log, follower));
      const ids = Array.from({ length: 40 }, (_, nth) => `e${nth}`);
      for (const id of ids) await appendCommitted(harness, [keyRenamed(id)]);
      await Promise.all(all.map((following) => following.caughtUp(10_000)));
      for (const { ids: got } of listeners) expect(got()).toEqual(ids);
    });

    it('skips no event when concurrent transactions commit out of order', async () => {
      const live = listener('live', ['keys']);
      followings.start(harness.log, live.follower);
      await commitOutOfOrder({
        begin: harness.begin,
        append: (session, events) => harness.log.append(session, events),
        isHeldUp: harness.isHeldUp,
        followed: live.ids,
      });
      expect(live.ids().sort()).toEqual(['early', 'last', 'late']);
    });

    it(`keeps the order of each subject under concurrent writers (seed ${seed})`, async () => {
      const live = listener('live', ['keys', 'usage'], { batchEventsMax: 7 });
      const following = followings.start(harness.elsewhere, live.follower);
      const written = await manyWriters(harness, seed);
      await following.caughtUp(20_000);
      expect(live.ids().sort()).toEqual(written.sort());
      expectGrowingPositions(harness, live.seen);
      const counts = new Map<string, number>();
      for (const event of live.seen.filter(({ type }) => type === 'KeyRenamed') as LoggedEvent<'KeyRenamed'>[]) {
        const nth = (counts.get(event.subject) ?? 0) + 1;
        expect(`${event.subject}: ${event.data.name}`).toBe(`${event.subject}: ${nth}`);
        counts.set(event.subject, nth);
      }
      expectSameEvents(harness, await everything(['keys', 'usage']), live.seen);
    });

    followingContract(() => harness, followings);
  });
}

/**
 * Writers that change three subjects as services do: whoever has a subject writes its next number, and gives the
 * subject on after the commit. Some roll back, some dawdle before they commit, some publish. Gives the ids that
 * committed.
 */
async function manyWriters(harness: EventLogHarness, seed: number): Promise<string[]> {
  const random = seeded(seed);
  const subjects = ['key_a', 'key_b', 'key_c'].map((id) => ({ id, written: 0, turn: Promise.resolve() }));
  const committed: string[] = [];

  const change = async (id: string) => {
    const subject = subjects[random(subjects.length)] as (typeof subjects)[number];
    const before = subject.turn;
    const { promise, resolve: giveOn } = Promise.withResolvers<void>();
    subject.turn = promise;
    await before;
    const log = random(2) ? harness.log : harness.elsewhere;
    const transaction = await harness.begin();
    const events = Array.from({ length: 1 + random(3) }, (_, nth) =>
      keyRenamed(`${id}.${nth}`, subject.id, `${subject.written + nth + 1}`),
    );
    await log.append(transaction.session, events);
    for (let turns = random(20); turns > 0; turns -= 1) await new Promise(setImmediate);
    if (random(5) === 0) {
      await transaction.rollback();
    } else {
      await transaction.commit();
      subject.written += events.length;
      committed.push(...events.map((event) => event.id));
    }
    giveOn();
  };

  const write = async (writer: number) => {
    for (let nth = 0; nth < TRANSACTIONS_EACH; nth += 1) {
      const id = `w${writer}.${nth}`;
      if (random(4) > 0) {
        await change(id);
      } else {
        await harness.log.publish([requestBilled(id)]);
        committed.push(id);
      }
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  return committed;
}
