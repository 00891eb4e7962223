import { CONTROL_TOPICS } from '@tollgate/contracts';
import type { EventLog } from '@tollgate/event-log';
import type { RedisDirectoryStore } from './redis-directory-store.js';

const REBUILD_TIMEOUT_MS = 30 * 60 * 1_000;

/**
 * Applies the whole log to Redis and then says that it is whole. Gives how many events that were. Rejects, and begins no
 * epoch, when Redis fails or is flushed meanwhile, when `ended` rejects, or after half an hour.
 */
export async function rebuildDirectory(
  eventLog: EventLog,
  store: RedisDirectoryStore,
  ended?: Promise<never>,
): Promise<number> {
  const mark = await store.mark();
  let count = 0;
  let fault: Error | undefined;
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const following = eventLog.follow({
    name: 'directory-rebuild',
    topics: CONTROL_TOPICS,
    handle: async (events) => {
      if (fault) return;
      try {
        await store.apply(events);
        count += events.length;
      } catch (error) {
        fault = error as Error;
        failed.reject(fault);
      }
    },
  });
  try {
    await Promise.race([following.caughtUp(REBUILD_TIMEOUT_MS), failed.promise, ...(ended ? [ended] : [])]);
    await store.begin(mark);
    return count;
  } finally {
    await following.stop();
  }
}
