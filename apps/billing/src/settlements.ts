import type { Admission, Settlement } from '@tollgate/access';
import type { CheckpointStore, SqlSession } from '@tollgate/event-log';
import type { Log } from '@tollgate/service-kit';

const RETRY_PAUSE_MS = 1_000;

interface Taken {
  payerUserId: string;
  position: bigint;
}

/**
 * Tells admission what the ledger holds, after the commit and never before it: a total that was rolled back would refuse
 * runs for money nobody owes. It is the meter's checkpoint store, since only that knows when a batch is committed.
 *
 * Nothing that was committed is forgotten while the process lives: what admission did not take is told again, also when
 * the answer to the commit was lost. After a restart the totals are told from the rollups (`MeterFeed`).
 */
export class SettlingCheckpointStore implements CheckpointStore {
  private readonly prepared = new WeakMap<SqlSession, Settlement[]>();
  /** Of transactions that may have been committed although they failed, by payer, whose events are in one line. */
  private readonly doubtful = new Map<string, Settlement[]>();
  private waiting: Settlement[] = [];
  private retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly inner: CheckpointStore,
    private readonly admission: Pick<Admission, 'settle'>,
    private readonly log: Log,
  ) {}

  get table(): string {
    return this.inner.table;
  }

  /** Says what to settle once the transaction, which takes these events (in the order of the log), is committed. */
  prepare(transaction: SqlSession, taken: readonly Taken[], settlements: Settlement[]): void {
    const seen = new Set<string>();
    for (const { payerUserId, position } of this.doubtful.size > 0 ? taken : []) {
      const doubtful = this.doubtful.get(payerUserId);
      if (!doubtful || seen.has(payerUserId)) continue;
      seen.add(payerUserId);
      // His events go on behind the doubtful ones: so those were committed. Otherwise they come again and are prepared anew.
      if (doubtful.every((settlement) => settlement.position < position)) this.waiting.push(...doubtful);
      this.doubtful.delete(payerUserId);
    }
    this.prepared.set(transaction, settlements);
  }

  async inTransaction<T>(work: (transaction: SqlSession) => Promise<T>): Promise<T> {
    let session: SqlSession | undefined;
    const settlements = () => (session && this.prepared.get(session)) ?? [];
    let worked = false;
    let result: T;
    try {
      result = await this.inner.inTransaction(async (transaction) => {
        session = transaction;
        const value = await work(transaction);
        worked = true;
        return value;
      });
    } catch (error) {
      for (const settlement of worked ? settlements() : []) {
        this.doubtful.set(settlement.payerUserId, [...(this.doubtful.get(settlement.payerUserId) ?? []), settlement]);
      }
      throw error;
    }
    this.waiting.push(...settlements());
    await this.settle();
    return result;
  }

  /** Tells admission everything that waits. Does not reject: the ledger is right, and it is tried again. */
  async settle(): Promise<void> {
    clearTimeout(this.retry);
    if (this.waiting.length === 0) return;
    const telling = this.waiting;
    this.waiting = [];
    try {
      await this.admission.settle(telling);
    } catch (error) {
      this.waiting = [...telling, ...this.waiting];
      this.log.warn('Admission could not be told the payers’ totals; trying again', {
        fault: (error as Error).message,
      });
      this.retry = setTimeout(() => void this.settle(), RETRY_PAUSE_MS).unref();
    }
  }

  stop(): void {
    clearTimeout(this.retry);
  }
}
