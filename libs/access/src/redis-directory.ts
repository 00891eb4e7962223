import type { LoggedEvent } from '@tollgate/contracts';
import { Bell, type EventLogLogger } from '@tollgate/event-log';
import { COPIED_MAX, DirectoryCopy } from './directory-copy.js';
import type { DirectoryLookup } from './directory-lookup.js';
import { Directory, DirectoryUnavailable } from './directory.js';
import type { DirectoryState } from './directory.js';
import { ALL_PRICES } from './directory-fold.js';
import type { EntryKind, EntryOf } from './directory-entries.js';
import { RedisUnavailable } from './redis-connection.js';
import { entryOfName } from './redis-directory-store.js';
import type { RedisDirectoryStore } from './redis-directory-store.js';

/** How often in a lease it is prolonged, so that one lost answer does not end it. */
const SYNCS_PER_LEASE = 4;

export interface RedisDirectoryOptions {
  store: RedisDirectoryStore;
  /** This process's name in receipts: unique in the fleet. */
  member: string;
  /** `LEASE_MS`. */
  leaseMs: number;
  /** Asked when Redis cannot answer. None: it then throws. */
  lookup?: DirectoryLookup;
  log: EventLogLogger;
  entriesMax?: number;
  /** Default: the system's. */
  now?: () => Date;
}

/**
 * The directory in Redis, with this process's leased copy of what it used.
 *
 * A hit is synchronous. The copy is trusted only within `leaseMs` from before the last question to which Redis answered
 * "these are all the changes": on the monotonic clock, which goes on while the process is stopped. So a process that
 * slept or was cut off trusts nothing when it wakes until it has asked again, and whoever revokes need not wait for it
 * for longer. A gap in the numbers, another epoch, or a Redis that is not whole drops the whole copy.
 *
 * What is not in the copy is read from Redis; if that cannot answer, from the keys service; else it is unavailable.
 * An "unknown" that Redis or the keys service did not say in answer to this very question is never given.
 */
export class RedisDirectory extends Directory {
  private readonly store: RedisDirectoryStore;
  private readonly copy: DirectoryCopy;
  private readonly bell = new Bell();
  private readonly stopping = new AbortController();
  private readonly stopListening: (() => void)[];
  private readonly ended: Promise<void>;
  private trustedUntilMs = 0;
  private position = 0n;
  private appliedAt: string;
  private beat = 0;
  private trouble: string | undefined = 'it has not asked Redis yet';
  private lookupWorks = false;
  private probing: Promise<void> | undefined;
  /** Whether Redis answered the last question, be it with "I am not whole". */
  private isAnswered = false;

  constructor(private readonly options: RedisDirectoryOptions) {
    super();
    this.store = options.store;
    this.appliedAt = this.nowIso();
    this.copy = new DirectoryCopy(options.entriesMax ?? COPIED_MAX);
    const wake = () => this.bell.ring();
    this.stopListening = [this.store.redis.listen(this.store.changesChannel, wake), this.store.redis.onOpen(wake)];
    this.ended = this.run();
  }

  override async apply(events: readonly LoggedEvent[]): Promise<void> {
    if (events.length === 0) return;
    const { sequence, position, touched } = await this.store.apply(events);
    this.copy.changedHere(sequence, touched);
    if (position > this.position) this.position = position;
  }

  override read<K extends EntryKind>(kind: K, id: string): EntryOf[K] | undefined | Promise<EntryOf[K] | undefined> {
    if (performance.now() < this.trustedUntilMs) {
      const entry = this.copy.get(kind, id);
      if (entry !== undefined) return entry;
    }
    return this.fetch(kind, id);
  }

  /** `ready` also while Redis is away and the keys service answers for it. */
  override state(): DirectoryState {
    const trusted = performance.now() < this.trustedUntilMs;
    const reason = trusted ? undefined : (this.trouble ?? 'its lease is over');
    return {
      ready: trusted || this.lookupWorks,
      isWritable: trusted || (this.store.runId !== undefined && this.isAnswered),
      position: this.position,
      ...(reason !== undefined && { reason }),
    };
  }

  /** Resolves when the copy is trusted; rejects when the time is up. */
  async ready(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (performance.now() >= this.trustedUntilMs) {
      if (performance.now() > deadline) throw new DirectoryUnavailable(this.trouble ?? 'Redis does not answer');
      await this.bell.heard(this.bell.rings, 10);
    }
  }

  /** Trusts nothing any more and leaves the fleet. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const stop of this.stopListening) stop();
    await this.ended;
    this.trustedUntilMs = 0;
    await this.store.forget([{ id: this.options.member }]).catch(() => undefined);
  }

  private async fetch<K extends EntryKind>(kind: K, id: string): Promise<EntryOf[K] | undefined> {
    let reason = 'Redis was flushed or restarted and is being filled again';
    const { lookup } = this.options;
    try {
      // One that left the last question unanswered is not waited for again and again.
      if (lookup && !this.isAnswered) throw new RedisUnavailable(this.trouble ?? 'it does not answer');
      const { epoch, sequence, entry } = await this.store.read(kind, id);
      if (epoch !== undefined) {
        if (entry !== undefined) this.copy.keep(kind, id, entry, epoch, sequence);
        return entry;
      }
    } catch (error) {
      reason = (error as Error).message;
    }
    if (!lookup) throw new DirectoryUnavailable(reason);
    return this.lookUp(lookup, kind, id).catch((error: Error) => {
      throw new DirectoryUnavailable(`${reason}; and ${error.message}`);
    });
  }

  private async lookUp<K extends EntryKind>(lookup: DirectoryLookup, kind: K, id: string) {
    try {
      const entry = await lookup.find(kind, id);
      this.lookupWorks = true;
      return entry;
    } catch (error) {
      this.lookupWorks = false;
      throw error;
    }
  }

  /** Whether this process is ready must not wait for a caller: balancers send none to one that is not. */
  private probe(): void {
    const { lookup } = this.options;
    if (!lookup || performance.now() < this.trustedUntilMs || this.probing) return;
    this.probing = this.lookUp(lookup, 'prices', ALL_PRICES)
      .catch(() => undefined)
      .then(() => {
        this.probing = undefined;
      });
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const seen = this.bell.rings;
      let again = false;
      try {
        again = await this.sync();
        this.isAnswered = true;
      } catch (error) {
        this.isAnswered = false;
        this.say((error as Error).message);
      }
      this.probe();
      if (!again) await this.bell.heard(seen, this.options.leaseMs / SYNCS_PER_LEASE, signal);
    }
  }

  /** Asks for what has changed. True: there is more to ask, or something to confirm. */
  private async sync(): Promise<boolean> {
    const { leaseMs, member } = this.options;
    const askedAtMs = performance.now();
    const { copy } = this;
    const told = copy.sequence;
    this.beat += 1;
    const reply = await this.store.sync(member, copy.ofEpoch, {
      sequence: String(told),
      appliedAt: this.appliedAt,
      leaseMs,
      beat: this.beat,
    });
    if (reply.epoch === undefined || reply.epoch !== copy.ofEpoch) {
      this.trustedUntilMs = 0;
      copy.beginAnew(reply.epoch, reply.sequence);
      if (reply.epoch === undefined) this.say('Redis was flushed or restarted and is being filled again');
      return reply.epoch !== undefined;
    }
    const isWhole = reply.changes.every(({ sequence, names }) => copy.change(sequence, names.map(entryOfName)));
    // A gap, or numbers that run backwards: nothing here can be brought up.
    if (!isWhole || copy.sequence > reply.sequence || (reply.changes.length === 0 && told < reply.sequence)) {
      copy.beginAnew(reply.epoch, reply.sequence);
    }
    if (copy.sequence === reply.sequence) {
      this.trustedUntilMs = askedAtMs + leaseMs;
      this.say(undefined);
    }
    if (reply.position > this.position) this.position = reply.position;
    if (copy.sequence === told) return false;
    this.appliedAt = this.nowIso();
    return true;
  }

  private nowIso(): string {
    return (this.options.now?.() ?? new Date()).toISOString();
  }

  private say(trouble: string | undefined): void {
    if (trouble !== undefined && this.trouble === undefined) {
      this.options.log.warn({ fault: trouble }, 'The directory cannot be confirmed; the keys service is asked instead');
    } else if (trouble === undefined && this.trouble !== undefined) {
      this.options.log.info({}, 'The directory is confirmed by Redis');
    }
    this.trouble = trouble;
  }
}
