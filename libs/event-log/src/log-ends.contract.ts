import { Followings, listener, requestBilled, runFinished } from './harness.contract.js';
import type { MakeHarness } from './harness.contract.js';
import { hasReached, positionOf, readProgress } from './log-ends.js';
import type { LogEnds } from './log-ends.js';

/** What every body of `LogEnds` promises, beside the log that it is of. */
export function logEndsContract(
  name: string,
  make: () => Promise<{ harness: Awaited<ReturnType<MakeHarness>>; ends: LogEnds }>,
): void {
  describe(`the ends of ${name}`, () => {
    const followings = new Followings();

    it('are reached by a follower exactly when it has handled everything that was in the log when they were read', async () => {
      const { harness, ends } = await make();
      const { log, checkpoint } = harness;
      const progress = () => checkpoint.inTransaction((sql) => readProgress(sql, checkpoint.table, 'counter'));
      try {
        expect(await ends.read(['usage'])).toEqual(new Map());
        expect(await progress()).toEqual(new Map());

        const events = ['a', 'b', 'c', 'd'].flatMap((id) => [requestBilled(id), runFinished(`${id}.end`, `run_${id}`)]);
        await log.publish(events);
        const before = await ends.read(['usage']);
        expect(hasReached(await progress(), before)).toBe(false);

        const { follower } = listener('counter', ['usage'], { checkpoint });
        const following = followings.start(log, follower);
        await following.caughtUp(20_000);
        await following.stop();
        expect(hasReached(await progress(), before)).toBe(true);
        const position = positionOf(await progress());
        expect(position).toBe(following.state().position);

        await log.publish([requestBilled('e')]);
        expect(hasReached(await progress(), await ends.read(['usage']))).toBe(false);
        expect(hasReached(await progress(), before)).toBe(true);
      } finally {
        await followings.stop();
        await harness.close();
      }
    }, 60_000);

    it('do not take another follower for this one, whatever its name begins with', async () => {
      const { harness } = await make();
      const { log, checkpoint } = harness;
      try {
        await log.publish([requestBilled('a')]);
        const { follower } = listener('counter-two', ['usage'], { checkpoint });
        await followings.start(log, follower).caughtUp(20_000);
        const progress = await checkpoint.inTransaction((sql) => readProgress(sql, checkpoint.table, 'counter'));
        expect(progress).toEqual(new Map());
      } finally {
        await followings.stop();
        await harness.close();
      }
    }, 60_000);
  });
}
