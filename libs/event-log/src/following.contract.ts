import { eventually } from '@tollgate/testing';
import type { LoggedEvent } from '@tollgate/contracts';
import type { CheckpointStore, Follower } from './event-log.js';
import { appendCommitted, keyRenamed, listener } from './harness.contract.js';
import type { EventLogHarness, Followings } from './harness.contract.js';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** A store whose transaction fails once, before or after it commits, as when the connection is lost. */
function losingOnce(store: CheckpointStore, when: 'before commit' | 'after commit', armed: () => boolean) {
  let lost = 0;
  const lose = () => {
    if (lost > 0 || !armed()) return;
    lost += 1;
    throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
  };
  const losing: CheckpointStore = {
    table: store.table,
    async inTransaction(work) {
      const result = await store.inTransaction(async (transaction) => {
        const done = await work(transaction);
        if (when === 'before commit') lose();
        return done;
      });
      if (when === 'after commit') lose();
      return result;
    },
  };
  return { losing, lost: () => lost };
}

/** The promises to a follower; part of `eventLogContract`. */
export function followingContract(harnessNow: () => EventLogHarness, followings: Followings): void {
  const append = (...ids: string[]) =>
    appendCommitted(
      harnessNow(),
      ids.map((id) => keyRenamed(id)),
    );

  /** A follower whose effect is a line per event, beside its checkpoint. */
  function recorder(more: Partial<Follower> = {}): Follower {
    const harness = harnessNow();
    const handle: Follower['handle'] = async (events, transaction) => {
      if (!transaction) throw new Error('A follower with a checkpoint is given its transaction');
      for (const { id } of events) await harness.recordEffect(transaction, id);
    };
    return { name: 'recorder', topics: ['keys'], checkpoint: harness.checkpoint, handle, ...more };
  }

  it('resumes a follower behind its last effect after a restart', async () => {
    const { log, elsewhere, effects } = harnessNow();
    await append('a', 'b');
    const first = followings.start(log, recorder());
    await first.caughtUp(10_000);
    await first.stop();
    const [last] = (await append('c')).slice(-1);
    const second = followings.start(elsewhere, recorder());
    await second.caughtUp(10_000);
    expect(await effects()).toEqual(['a', 'b', 'c']);
    const end = harnessNow().oneLine ? last?.position : 3n;
    expect(second.state()).toEqual({ name: 'recorder', status: 'running', position: end, head: end });
  });

  it('replays the log from zero for a new name, and at each start for a follower without a checkpoint', async () => {
    const { log, effects } = harnessNow();
    await append('a', 'b');
    for (const name of ['one', 'other']) await followings.start(log, recorder({ name })).caughtUp(10_000);
    expect(await effects()).toEqual(['a', 'b', 'a', 'b']);
    const { follower, ids } = listener('in memory', ['keys'], { batchEventsMax: 1 });
    for (let start = 1; start <= 2; start += 1) {
      const following = followings.start(log, follower);
      await following.caughtUp(10_000);
      await following.stop();
      expect(ids()).toHaveLength(2 * start);
    }
  });

  it.each(['before commit', 'after commit'] as const)(
    'gives each event one effect when the connection is lost %s',
    async (when) => {
      const { log, effects, checkpoint } = harnessNow();
      let handled = 0;
      const { losing, lost } = losingOnce(checkpoint, when, () => handled > 0);
      const plain = recorder();
      const follower = recorder({
        checkpoint: losing,
        handle: async (events, transaction) => {
          await plain.handle(events, transaction);
          handled += events.length;
        },
      });
      await append('a', 'b', 'c');
      await followings.start(log, follower).caughtUp(10_000);
      await append('d');
      await followings.start(log, recorder()).caughtUp(10_000);
      expect(lost()).toBe(1);
      expect(await effects()).toEqual(['a', 'b', 'c', 'd']);
    },
  );

  it('shares the work of two followers with one name without a double effect', async () => {
    const { log, elsewhere, effects } = harnessNow();
    const both = [log, elsewhere].map((each) => followings.start(each, recorder({ batchEventsMax: 2 })));
    const ids = Array.from({ length: 30 }, (_, nth) => `e${String(nth).padStart(2, '0')}`);
    for (const id of ids) await append(id);
    await Promise.all(both.map((following) => following.caughtUp(10_000)));
    expect(await effects()).toEqual(ids);
  });

  it('tries a failing handler again a bounded number of times, then stops it loudly at the event', async () => {
    const harness = harnessNow();
    const logged = await append(...IDS);
    const bad = logged[3] as LoggedEvent;
    let tries = 0;
    const plain = recorder();
    const follower = recorder({
      retriesMax: 3,
      handle: async (events, transaction) => {
        await plain.handle(events, transaction);
        if (events[0]?.id === bad.id) tries += 1;
        if (events.some(({ id }) => id === bad.id)) throw new Error('cannot take it');
      },
    });
    const following = followings.start(harness.log, follower);
    await expect(following.caughtUp(10_000)).rejects.toThrow(`position ${bad.position}`);
    const state = following.state();
    expect(state.status).toBe('failed');
    expect(state.error).toMatch(new RegExp(`recorder.*position ${bad.position} after 4 tries: cannot take it`));
    expect(state.position).toBe(harness.oneLine ? logged[2]?.position : 3n);
    expect(tries).toBe(4);
    expect(await harness.effects()).toEqual(['a', 'b', 'c']);
    const pauses = harness.pausesMs.slice(-3);
    expect(pauses).toEqual([100, 200, 400]);
    await following.stop();
    expect(following.state().status).toBe('failed');
  });

  it('goes on after a handler that failed for a while', async () => {
    const { log, effects } = harnessNow();
    let faults = 3;
    const plain = recorder();
    const follower = recorder({
      handle: async (events, transaction) => {
        await plain.handle(events, transaction);
        if (faults-- > 0) throw new Error('not yet');
      },
    });
    const following = followings.start(log, follower);
    await append(...IDS);
    await following.caughtUp(10_000);
    expect(await effects()).toEqual(IDS);
    expect(following.state()).toMatchObject({ status: 'running' });
    expect(following.state().error).toBeUndefined();
  });

  it('does not count a lost connection as a failure of the handler, however long it lasts', async () => {
    const harness = harnessNow();
    let losses = 25;
    const seen = listener('patient', ['keys'], { retriesMax: 0 });
    const handle: Follower['handle'] = (events, transaction) => {
      if (losses-- > 0) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      return seen.follower.handle(events, transaction);
    };
    await append('a');
    await followings.start(harness.log, { ...seen.follower, handle }).caughtUp(10_000);
    expect(seen.ids()).toEqual(['a']);
    expect(Math.max(...harness.pausesMs)).toBe(5_000);
  });

  it('tells in time that a follower has not caught up', async () => {
    const { log } = harnessNow();
    await append('a');
    const gate = Promise.withResolvers<void>();
    const slow = listener('slow', ['keys'], { handle: () => gate.promise });
    const following = followings.start(log, slow.follower);
    await expect(following.caughtUp(20)).rejects.toThrow(/slow.*20 ms/);
    gate.resolve();
    await following.caughtUp(10_000);
  });

  it('stops after the batch in hand, as often as it is asked to', async () => {
    const { log, effects } = harnessNow();
    await append('a', 'b');
    const gate = Promise.withResolvers<void>();
    const plain = recorder();
    let begun = false;
    const follower = recorder({
      batchEventsMax: 1,
      handle: async (events, transaction) => {
        begun = true;
        await gate.promise;
        await plain.handle(events, transaction);
      },
    });
    const following = followings.start(log, follower);
    await eventually(() => expect(begun).toBe(true));
    const stops = [following.stop(), following.stop()];
    gate.resolve();
    await Promise.all(stops);
    await following.stop();
    expect(following.state().status).toBe('stopped');
    expect(await effects()).toEqual(['a']);
    await append('c');
    await expect(following.caughtUp(10_000)).rejects.toThrow(/stopped/);
  });
}
