import type { Topic } from '@tollgate/contracts';
import { Bell } from './bell.js';
import type { Checkpoints } from './checkpoint.js';
import { isConnectionLoss } from './connection-loss.js';
import type { EventLogLogger } from './event-log-logger.js';
import type { Follower, FollowerState, Following } from './event-log.js';
import { pauseMs } from './pauses.js';
import type { Sleep } from './pauses.js';
import type { SqlSession } from './sql-session.js';
import { loggedEvent } from './stored-event.js';
import type { StoredFact } from './stored-event.js';

/** What a follower needs of a log with one line of positions. */
export interface FollowingParts {
  read(topics: readonly Topic[], after: bigint, limit: number): Promise<StoredFact[]>;
  head(topics: readonly Topic[]): Promise<bigint>;
  checkpoints: Checkpoints;
  /** Rung when something new may be there. */
  bell: Bell;
  pollMs: number;
  log: EventLogLogger;
  sleep: Sleep;
  /** Called once, when the follower has ended. */
  onEnd(): Promise<void>;
}

const BATCH_EVENTS = 500;
const RETRIES = 5;
const ERROR_LENGTH_MAX = 500;

/** A fault of the follower's own work, as against one of the network or the database. */
class HandlerFault extends Error {
  constructor(
    readonly position: bigint,
    cause: unknown,
  ) {
    super('The handler failed', { cause });
  }
}

/**
 * One follower over a log whose positions are in commit order. It reads a batch outside any transaction, then opens
 * the follower's, locks the checkpoint there, and handles the batch only if the checkpoint still is where the batch
 * begins: two processes with one name share the work, and an effect whose commit was lost in doubt is not repeated.
 *
 * After a fault it goes on one event at a time, so that everything before a bad event takes effect and the bad one is
 * named; then its batches grow again.
 */
export class PositionFollowing implements Following {
  readonly #follower: Follower;
  readonly #parts: FollowingParts;
  readonly #batchMax: number;
  readonly #stop = new AbortController();
  readonly #progress = new Bell();
  readonly #ended: Promise<void>;
  #status: FollowerState['status'] = 'starting';
  #error: string | undefined;
  #position: bigint | undefined;
  #head = 0n;
  #batch: number;
  /** Failed tries of the batch at the present position. */
  #failures = 0;
  /** Losses of the database since it last answered. */
  #outages = 0;

  constructor(follower: Follower, parts: FollowingParts) {
    this.#follower = follower;
    this.#parts = parts;
    this.#batchMax = follower.batchEventsMax ?? BATCH_EVENTS;
    this.#batch = this.#batchMax;
    this.#ended = this.#run().finally(() => parts.onEnd());
  }

  state(): FollowerState {
    return {
      name: this.#follower.name,
      status: this.#status,
      position: this.#position ?? 0n,
      head: this.#head,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  async caughtUp(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    const goal = await this.#goal(deadline);
    for (;;) {
      const seen = this.#progress.rings;
      if (goal !== undefined && this.#position !== undefined && this.#position >= goal) return;
      const { status, position } = this.state();
      const where = `at ${position} of ${goal ?? 'unknown'}`;
      if (status === 'failed') throw new Error(this.#error);
      if (status === 'stopped') throw new Error(`Follower ${this.#follower.name} was stopped ${where}`);
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) {
        throw new Error(`Follower ${this.#follower.name} is ${where} after ${timeoutMs} ms (${status})`);
      }
      await this.#progress.heard(seen, leftMs);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  /** The newest position at the call; undefined when the database would not say in time. */
  async #goal(deadline: number): Promise<bigint | undefined> {
    for (let nth = 1; ; nth += 1) {
      try {
        return await this.#parts.head(this.#follower.topics);
      } catch {
        const leftMs = deadline - performance.now();
        if (leftMs <= 0 || this.#stop.signal.aborted) return undefined;
        await this.#parts.sleep(Math.min(pauseMs(nth), leftMs), this.#stop.signal);
      }
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && this.#status !== 'failed') {
      try {
        await this.#step(signal);
      } catch (error) {
        await this.#afterFault(error, signal);
      }
      this.#progress.ring();
    }
    if (this.#status !== 'failed') this.#status = 'stopped';
    this.#progress.ring();
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { bell, pollMs } = this.#parts;
    const { topics } = this.#follower;
    const seen = bell.rings;
    this.#position ??= await this.#resume();
    const facts = await this.#parts.read(topics, this.#position, this.#batch);
    const last = facts.at(-1)?.position ?? this.#position;
    const full = facts.length === this.#batch;
    const head = full ? await this.#parts.head(topics) : last;
    if (head > this.#head) this.#head = head;
    if (facts.length === 0) {
      this.#healthy();
      this.#progress.ring();
      await bell.heard(seen, pollMs, signal);
      return;
    }
    this.#position = await this.#take(facts, this.#position, last);
    this.#failures = 0;
    this.#batch = Math.min(this.#batch * 2, this.#batchMax);
    this.#healthy();
  }

  #healthy(): void {
    if (this.#status === 'retrying') {
      this.#parts.log.info({ follower: this.#follower.name, position: `${this.#position}` }, 'A follower runs again');
    }
    this.#status = 'running';
    this.#error = undefined;
    this.#outages = 0;
  }

  async #resume(): Promise<bigint> {
    const { checkpoint, name } = this.#follower;
    if (!checkpoint) return 0n;
    return checkpoint.inTransaction((transaction) => this.#parts.checkpoints.lock(transaction, checkpoint.table, name));
  }

  /**
   * Handles the batch and gives the position that is committed now: another process may have been there first. Faults
   * before the handler (no checkpoint table, a peer that holds it) are outages; from it on, up to a commit that the
   * database refuses, they are the handler's.
   */
  async #take(facts: readonly StoredFact[], from: bigint, to: bigint): Promise<bigint> {
    const { checkpoint, name } = this.#follower;
    let begun = false;
    const handle = async (transaction: SqlSession | undefined) => {
      begun = true;
      await this.#follower.handle(facts.map(loggedEvent), transaction);
    };
    try {
      if (!checkpoint) {
        await handle(undefined);
        return to;
      }
      return await checkpoint.inTransaction(async (transaction) => {
        const at = await this.#parts.checkpoints.lock(transaction, checkpoint.table, name);
        if (at !== from) return at;
        await handle(transaction);
        await this.#parts.checkpoints.move(transaction, checkpoint.table, name, to);
        return to;
      });
    } catch (error) {
      throw begun && !isConnectionLoss(error) ? new HandlerFault(facts[0]?.position ?? to, error) : error;
    }
  }

  async #afterFault(error: unknown, signal: AbortSignal): Promise<void> {
    const ofHandler = error instanceof HandlerFault;
    const position = ofHandler ? error.position : (this.#position ?? 0n);
    const nth = ofHandler ? (this.#failures += 1) : (this.#outages += 1);
    const fault = messageOf(ofHandler ? error.cause : error);
    const { name, retriesMax = RETRIES } = this.#follower;
    const detail = { follower: name, position: `${position}`, nth, fault };
    if (ofHandler && nth > retriesMax) {
      this.#status = 'failed';
      this.#error = `Follower ${name} stopped at position ${position} after ${nth} tries: ${fault}`;
      this.#parts.log.error(detail, 'A follower has failed and stopped; the event at its position must be dealt with');
      return;
    }
    this.#status = 'retrying';
    this.#error = ofHandler ? `Follower ${name} fails at position ${position}: ${fault}` : fault;
    if (ofHandler) this.#batch = 1;
    this.#parts.log.warn(detail, ofHandler ? 'A follower fails and tries again' : 'A follower waits for its database');
    await this.#parts.sleep(pauseMs(nth), signal);
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message || error.name : String(error)).slice(0, ERROR_LENGTH_MAX);
}
