import { METER_CHECKPOINTS, meterFollower, openBillingDatabase } from '@tollgate/billing';
import { type EventLogLogger, type Follower, PgCheckpointStore } from '@tollgate/event-log';
import { catalogFollower, openLogsDatabase, recorder } from '@tollgate/logs';
import { type Config, Databases } from '@tollgate/service-kit';
import { type Fingerprint, fingerprintsOf } from './fingerprints.js';
import { openSource } from './replay-source.js';
import { withoutReadersIndexes, withoutWaitingForTheDisk } from './replay-target.js';

const CATCH_UP_TIMEOUT_MS = 12 * 60 * 60 * 1000;
const BATCH_EVENTS = 4_000;

export interface Rebuilt {
  events: number;
  seconds: number;
  /** Of this process alone, without PostgreSQL's. */
  cpuSeconds: number;
  original: Fingerprint[];
  rebuilt: Fingerprint[];
}

/**
 * Folds the whole log of `source` into the empty databases of billing and logs at `targetUrl`, and says what both sides
 * come to. The source is only read, and may be in use: its consumers go on undisturbed. Rejects with the fault of a fold
 * that failed. The target then is what the services would have made: they can be started on it.
 */
export async function rebuild(source: Config, targetUrl: string, log: EventLogLogger): Promise<Rebuilt> {
  const target = source.with({ DATABASE_URL: targetUrl });
  const taken = await withoutWaitingForTheDisk(targetUrl, () => fold(source, target, log));
  return { ...taken, original: await fingerprintsAt(source), rebuilt: await fingerprintsAt(target) };
}

async function fold(
  source: Config,
  target: Config,
  log: EventLogLogger,
): Promise<Pick<Rebuilt, 'events' | 'seconds' | 'cpuSeconds'>> {
  const databases = new Databases();
  const opened = await openSource(source, log);
  try {
    const billing = await openBillingDatabase(databases, target);
    const logs = await openLogsDatabase(databases, target);
    let events = 0;
    const counted = (follower: Follower): Follower => ({
      ...follower,
      batchEventsMax: BATCH_EVENTS,
      handle: async (batch, transaction) => {
        await follower.handle(batch, transaction);
        events += batch.length;
      },
    });
    const [began, cpuBegan] = [performance.now(), process.cpuUsage()];
    await withoutReadersIndexes(target.DATABASE_URL ?? '', [billing.schema, logs.schema], async () => {
      const followings = [
        meterFollower(new PgCheckpointStore(billing.pool, METER_CHECKPOINTS)),
        recorder(logs.pool),
        catalogFollower(logs.pool),
      ].map((follower) => opened.eventLog.follow(counted(follower)));
      try {
        await Promise.all(followings.map((following) => following.caughtUp(CATCH_UP_TIMEOUT_MS)));
      } finally {
        await Promise.all(followings.map((following) => following.stop()));
      }
    });
    const { user, system } = process.cpuUsage(cpuBegan);
    return { events, seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1_000_000 };
  } finally {
    await databases.close();
    await opened.close();
  }
}

async function fingerprintsAt(config: Config): Promise<Fingerprint[]> {
  const databases = new Databases();
  try {
    return await fingerprintsOf(
      await openBillingDatabase(databases, config),
      await openLogsDatabase(databases, config),
    );
  } finally {
    await databases.close();
  }
}
