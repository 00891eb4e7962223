import type { LoggedEvent, NewEvent, Topic } from '@tollgate/contracts';
import { Bell } from './bell.js';
import type { EventLogLogger } from './event-log-logger.js';
import { EventLog, PUBLISH_EVENTS_MAX } from './event-log.js';
import type { Follower, Following, WrittenEvent } from './event-log.js';
import { MemoryCheckpoints, MemoryLock, MemoryTransactions, memoryTransaction } from './memory-transactions.js';
import type { MemoryTransaction } from './memory-transactions.js';
import { sleep as realSleep } from './pauses.js';
import type { Sleep } from './pauses.js';
import { PositionFollowing } from './position-following.js';
import type { SqlSession } from './sql-session.js';
import { assertEnvelope, checkedEvent, storedEvent } from './stored-event.js';
import type { StoredEvent, StoredFact } from './stored-event.js';

/** The table of a memory log. Logs that share one are what processes that share a database are. */
export class MemoryFacts {
  readonly facts: (StoredFact & { topic: Topic })[] = [];
  readonly ids = new Set<string>();
  readonly lock = new MemoryLock('the event log');
  readonly checkpoints = new MemoryCheckpoints();
  readonly bells = new Set<Bell>();
  lastPosition = 0n;
}

export interface MemoryEventLogOptions {
  facts?: MemoryFacts;
  log?: EventLogLogger;
  pollMs?: number;
  sleep?: Sleep;
}

const SILENT: EventLogLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * The log without a database, for tests of rules and for embedding: the promises of `EventLog`, kept for as long as
 * the process lives. Its transactions come from `MemoryTransactions`; an append holds up the others until it commits,
 * as in PostgreSQL. Events pass through JSON, so that what a follower does to them harms nobody.
 */
export class MemoryEventLog extends EventLog {
  readonly #facts: MemoryFacts;
  readonly #options: Required<Omit<MemoryEventLogOptions, 'facts'>>;

  constructor(options: MemoryEventLogOptions = {}) {
    super();
    const { facts = new MemoryFacts(), log = SILENT, pollMs = 250, sleep = realSleep } = options;
    this.#facts = facts;
    this.#options = { log, pollMs, sleep };
  }

  async append(transaction: SqlSession, events: readonly NewEvent[]): Promise<LoggedEvent[]> {
    const open = memoryTransaction(transaction);
    if (events.length === 0) return [];
    const checked = events.map(checkedEvent);
    await open.hold(this.#facts.lock);
    for (const { id } of checked) {
      if (this.#facts.ids.has(id) || open.eventIds.has(id)) throw new Error(`Event ${id} is in the log already`);
      open.eventIds.add(id);
    }
    const positions = this.#enter(open, checked.map(storedEvent));
    return checked.map((event, nth) => ({ ...event, position: positions[nth] as bigint }));
  }

  async publish(events: readonly (NewEvent | WrittenEvent)[]): Promise<void> {
    if (events.length > PUBLISH_EVENTS_MAX) {
      throw new Error(`One publish takes ${PUBLISH_EVENTS_MAX} events at most, not ${events.length}`);
    }
    events.forEach(assertEnvelope);
    const stored = new Map<string, StoredEvent>();
    for (const event of events) if (!stored.has(event.id)) stored.set(event.id, storedEvent(event));
    await new MemoryTransactions().inTransaction(async (transaction) => {
      await transaction.hold(this.#facts.lock);
      this.#enter(
        transaction,
        [...stored.values()].filter(({ id }) => !this.#facts.ids.has(id)),
      );
    });
  }

  follow(follower: Follower): Following {
    const bell = new Bell();
    this.#facts.bells.add(bell);
    return new PositionFollowing(follower, {
      read: (topics, after, limit) => Promise.resolve(this.#read(topics, after, limit)),
      head: (topics) =>
        Promise.resolve(this.#facts.facts.findLast(({ topic }) => topics.includes(topic))?.position ?? 0n),
      checkpoints: this.#facts.checkpoints,
      bell,
      ...this.#options,
      onEnd: () => Promise.resolve(void this.#facts.bells.delete(bell)),
    });
  }

  /** Takes positions now, under the lock, and enters the events at commit. */
  #enter(transaction: MemoryTransaction, events: readonly StoredEvent[]): bigint[] {
    const entering = events.map(({ id, topic, text }) => ({
      id,
      topic,
      text,
      position: (this.#facts.lastPosition += 1n),
    }));
    transaction.onCommit(() => {
      for (const { id, ...fact } of entering) {
        this.#facts.ids.add(id);
        this.#facts.facts.push(fact);
      }
      for (const bell of this.#facts.bells) bell.ring();
    });
    return entering.map(({ position }) => position);
  }

  #read(topics: readonly Topic[], after: bigint, limit: number): StoredFact[] {
    const { facts } = this.#facts;
    const found: StoredFact[] = [];
    for (let nth = firstAfter(facts, after); nth < facts.length && found.length < limit; nth += 1) {
      const fact = facts[nth];
      if (fact && topics.includes(fact.topic)) found.push(fact);
    }
    return found;
  }
}

/** The index of the first fact after a position. */
function firstAfter(facts: readonly StoredFact[], after: bigint): number {
  let low = 0;
  let high = facts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((facts[middle]?.position ?? 0n) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
