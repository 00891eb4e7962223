import { CONTROL_TOPICS } from '@tollgate/contracts';
import type { LoggedEvent } from '@tollgate/contracts';
import { Bell, type EventLog, type EventLogLogger, type Following } from '@tollgate/event-log';
import type { DirectoryLookup } from './directory-lookup.js';
import { rebuildDirectory } from './directory-rebuild.js';
import { DirectoryUnavailable } from './directory.js';
import type { EntryKind, EntryOf } from './directory-entries.js';
import { MemoryDirectory } from './memory-directory.js';
import type { RedisDirectoryStore } from './redis-directory-store.js';

/** Events that Redis has not taken yet and that are tried again one by one; beyond it the whole log is applied. */
const WAITING_MAX = 10_000;
const LOOK_EVERY_MS = 500;
/** How long a look-up may wait for the fold to reach the log's end. */
const LOOKUP_TIMEOUT_MS = 2_000;

export interface DirectoryKeeperOptions {
  eventLog: EventLog;
  store: RedisDirectoryStore;
  log: EventLogLogger;
}

/**
 * Keeps the directory in Redis true, and answers for it while it is not: runs in each process of the keys service.
 *
 * It folds the log in memory and applies every event to Redis again, which mends whatever the committing process could
 * not apply. When it finds Redis flushed, restarted or empty, it applies the whole log and begins a new epoch; until
 * then nobody trusts what lies there and all ask here.
 */
export class DirectoryKeeper implements DirectoryLookup {
  private readonly memory = new MemoryDirectory();
  private readonly bell = new Bell();
  private readonly stopping = new AbortController();
  private readonly stopListening: () => void;
  private readonly ended: Promise<void>;
  private waiting: LoggedEvent[] = [];
  private overflowed = false;
  /** The fold of the log, for health. */
  readonly following: Following;

  constructor(private readonly options: DirectoryKeeperOptions) {
    const { eventLog, store } = options;
    this.following = eventLog.follow({
      name: 'directory',
      topics: CONTROL_TOPICS,
      handle: async (events) => {
        await this.memory.apply(events);
        await this.passOn(events);
      },
    });
    this.stopListening = store.redis.onOpen(() => this.bell.ring());
    this.ended = this.run();
  }

  /** Resolves when the fold holds everything that was in the log at the call. */
  async ready(timeoutMs: number): Promise<void> {
    await this.following.caughtUp(timeoutMs);
    this.memory.markReady();
  }

  /** As of the call: it waits until everything that is in the log now is folded. */
  async find<K extends EntryKind>(kind: K, id: string): Promise<EntryOf[K] | undefined> {
    await this.caughtUp();
    return this.memory.read(kind, id);
  }

  /** Several at once, all as of the call. */
  async findAll(names: readonly (readonly [EntryKind, string])[]): Promise<(EntryOf[EntryKind] | undefined)[]> {
    await this.caughtUp();
    return names.map(([kind, id]) => this.memory.read(kind, id));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.stopListening();
    await this.following.stop();
    await this.ended;
  }

  private async caughtUp(): Promise<void> {
    await this.following.caughtUp(LOOKUP_TIMEOUT_MS).catch((error: Error) => {
      throw new DirectoryUnavailable(error.message);
    });
  }

  /** Never rejects: what Redis does not take now, `run` brings to it later; the fold in memory must go on. */
  private async passOn(events: readonly LoggedEvent[]): Promise<void> {
    if (this.waiting.length === 0 && !this.overflowed) {
      try {
        await this.options.store.apply(events);
        return;
      } catch {
        this.bell.ring();
      }
    }
    if (this.waiting.length + events.length > WAITING_MAX) {
      this.overflowed = true;
      this.waiting = [];
    } else if (!this.overflowed) this.waiting.push(...events);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const { store, log } = this.options;
    while (!signal.aborted) {
      const seen = this.bell.rings;
      try {
        if (this.overflowed || !(await store.isWhole())) await this.rebuild();
        await this.bringWaiting();
      } catch (error) {
        if (store.runId !== undefined)
          log.warn({ fault: (error as Error).message }, 'The directory in Redis cannot be kept');
      }
      await this.bell.heard(seen, LOOK_EVERY_MS, signal);
    }
  }

  private async bringWaiting(): Promise<void> {
    while (this.waiting.length > 0) {
      const events = this.waiting.slice(0, 500);
      await this.options.store.apply(events);
      this.waiting.splice(0, events.length);
    }
  }

  private async rebuild(): Promise<void> {
    const { eventLog, store, log } = this.options;
    const began = performance.now();
    this.overflowed = false;
    try {
      const events = await rebuildDirectory(eventLog, store, this.aborted());
      const tookMs = Math.round(performance.now() - began);
      log.info({ events, tookMs }, 'The directory in Redis is rebuilt from the log');
    } catch (error) {
      this.overflowed = true;
      throw error;
    }
  }

  private aborted(): Promise<never> {
    const { signal } = this.stopping;
    return new Promise((_resolve, reject) => {
      const end = () => reject(new Error('the process ends'));
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    });
  }
}
