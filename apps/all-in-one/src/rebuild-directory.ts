import {
  type AnyRedis,
  directoryFingerprint,
  MemoryDirectory,
  openRedis,
  rebuildDirectory,
  RedisDirectoryStore,
} from '@tollgate/access';
import { CONTROL_TOPICS } from '@tollgate/contracts';
import type { EventLog, EventLogLogger } from '@tollgate/event-log';
import { type Config, redisAddressOf } from '@tollgate/service-kit';
import type { Fingerprint } from './fingerprints.js';
import { openSource } from './replay-source.js';

const SETTING = '--redis';
const CATCH_UP_TIMEOUT_MS = 30 * 60 * 1_000;

export interface RebuiltDirectory {
  events: number;
  seconds: number;
  /** What the log comes to, folded anew in memory. */
  folded: Fingerprint;
  /** What lies in the Redis that was filled, read back. */
  rebuilt: Fingerprint;
  /** What lies in the Redis that the services use, where there is one. */
  live?: Fingerprint;
}

/**
 * Applies the log of `source` to the empty Redis at `targetUrl`, as the keeper of the directory does, and says what that
 * comes to, beside a fold in memory and the Redis in use. That one and the log are only read. Rejects when anything is in
 * the target.
 */
export async function rebuildIntoRedis(
  source: Config,
  targetUrl: string,
  log: EventLogLogger,
): Promise<RebuiltDirectory> {
  const live = source.REDIS_URL === undefined ? undefined : await connect(source, source.REDIS_URL, 'REDIS_URL');
  try {
    const target = await connect(source, targetUrl, SETTING);
    try {
      await expectEmpty(target, live);
      return await fold(source, target, live, log);
    } finally {
      target.close();
    }
  } finally {
    live?.close();
  }
}

async function connect(source: Config, url: string, setting: string): Promise<AnyRedis> {
  return openRedis(await redisAddressOf(source, url, setting));
}

async function expectEmpty(target: AnyRedis, live: AnyRedis | undefined): Promise<void> {
  const { host, pathname } = new URL(target.address.url);
  const place = `${host}${pathname}`;
  if (live && live.runIdOf('') === target.runIdOf('') && databaseOf(live) === databaseOf(target)) {
    throw new Error(`${SETTING}: ${place} is the Redis that the platform uses. Name another, empty one.`);
  }
  const keys = await target.size();
  if (keys === 0) return;
  throw new Error(
    `${SETTING}: ${place} is not empty, it has ${keys} keys. Name an empty Redis, or another database of it.`,
  );
}

function databaseOf({ address }: AnyRedis): number {
  return Number(new URL(address.url).pathname.slice(1) || 0);
}

async function fold(
  source: Config,
  target: AnyRedis,
  live: AnyRedis | undefined,
  log: EventLogLogger,
): Promise<RebuiltDirectory> {
  const opened = await openSource(source, log);
  try {
    const began = performance.now();
    const store = new RedisDirectoryStore(target);
    const events = await rebuildDirectory(opened.eventLog, store);
    const seconds = (performance.now() - began) / 1_000;
    return {
      events,
      seconds,
      folded: await fingerprint((await foldInMemory(opened.eventLog)).held()),
      rebuilt: await fingerprint(store.held()),
      ...(live && { live: await fingerprint(new RedisDirectoryStore(live).held()) }),
    };
  } finally {
    await opened.close();
  }
}

async function foldInMemory(eventLog: EventLog): Promise<MemoryDirectory> {
  const memory = new MemoryDirectory();
  const following = eventLog.follow({
    name: 'directory-replay',
    topics: CONTROL_TOPICS,
    handle: (events) => memory.apply(events),
  });
  try {
    await following.caughtUp(CATCH_UP_TIMEOUT_MS);
    return memory;
  } finally {
    await following.stop();
  }
}

async function fingerprint(held: Parameters<typeof directoryFingerprint>[0]): Promise<Fingerprint> {
  const { entries, sha256 } = await directoryFingerprint(held);
  return { part: 'directory', rows: entries, sha256 };
}
