import type { Checkpoints } from './checkpoint.js';
import type { CheckpointStore } from './event-log.js';
import type { SqlSession } from './sql-session.js';

const LOCK_TIMEOUT_MS = 10_000;

/** First come, first served; a wait that is too long (a transaction somebody forgot to end) says so. */
export class MemoryLock {
  #last: Promise<void> = Promise.resolve();

  constructor(private readonly name: string) {}

  /** Gives the release. */
  async take(): Promise<() => void> {
    const turn = this.#last;
    const { promise, resolve: release } = Promise.withResolvers<void>();
    this.#last = promise;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      void turn.then(release);
      late.reject(new Error(`Waited ${LOCK_TIMEOUT_MS} ms for ${this.name}; does a transaction stay open?`));
    }, LOCK_TIMEOUT_MS);
    try {
      await Promise.race([turn, late.promise]);
    } finally {
      clearTimeout(timer);
    }
    return release;
  }
}

/** A transaction without a database: what is registered takes effect at commit, all together, or not at all. */
export class MemoryTransaction implements SqlSession {
  /** The events appended in it so far, for the log to know them again. */
  readonly eventIds = new Set<string>();
  readonly #effects: (() => void)[] = [];
  readonly #held = new Map<MemoryLock, () => void>();
  #open = true;
  #waiting = false;

  /** Whether it waits for a lock that another transaction holds. */
  get waiting(): boolean {
    return this.#waiting;
  }

  rows<Row>(): Promise<Row[]> {
    return Promise.reject(new Error('A memory transaction has no SQL; register effects with onCommit'));
  }

  /** `effect` must not throw. */
  onCommit(effect: () => void): void {
    this.#assertOpen();
    this.#effects.push(effect);
  }

  /** Holds a lock until the transaction ends. */
  async hold(lock: MemoryLock): Promise<void> {
    this.#assertOpen();
    if (this.#held.has(lock)) return;
    this.#waiting = true;
    try {
      this.#held.set(lock, await lock.take());
    } finally {
      this.#waiting = false;
    }
    if (!this.#open) this.#release();
  }

  commit(): Promise<void> {
    this.#assertOpen();
    for (const effect of this.#effects) effect();
    return this.#end();
  }

  rollback(): Promise<void> {
    return this.#end();
  }

  #end(): Promise<void> {
    this.#open = false;
    this.#release();
    return Promise.resolve();
  }

  #release(): void {
    for (const release of this.#held.values()) release();
    this.#held.clear();
  }

  #assertOpen(): void {
    if (!this.#open) throw new Error('The transaction has ended');
  }
}

/** Begins memory transactions, and keeps the checkpoints of followers whose effects are in memory too. */
export class MemoryTransactions implements CheckpointStore {
  readonly table = 'memory.checkpoints';

  begin(): MemoryTransaction {
    return new MemoryTransaction();
  }

  async inTransaction<T>(work: (transaction: MemoryTransaction) => Promise<T>): Promise<T> {
    const transaction = this.begin();
    try {
      const result = await work(transaction);
      await transaction.commit();
      return result;
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
  }
}

/** Checkpoints in memory, locked for the length of a transaction as a row would be. */
export class MemoryCheckpoints implements Checkpoints {
  readonly #positions = new Map<string, bigint>();
  readonly #locks = new Map<string, MemoryLock>();

  async lock(transaction: SqlSession, table: string, follower: string): Promise<bigint> {
    const key = `${table}/${follower}`;
    const lock = this.#locks.get(key) ?? new MemoryLock(`the checkpoint of ${follower}`);
    this.#locks.set(key, lock);
    await memoryTransaction(transaction).hold(lock);
    return this.#positions.get(key) ?? 0n;
  }

  move(transaction: SqlSession, table: string, follower: string, position: bigint): Promise<void> {
    memoryTransaction(transaction).onCommit(() => this.#positions.set(`${table}/${follower}`, position));
    return Promise.resolve();
  }
}

export function memoryTransaction(transaction: SqlSession): MemoryTransaction {
  if (transaction instanceof MemoryTransaction) return transaction;
  throw new Error('The memory log needs a transaction of MemoryTransactions');
}
