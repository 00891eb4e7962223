import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ownByFile } from '@tollgate/service-kit';
import { Backlog } from './backlog.js';
import { ClaimBook } from './claim-book.js';
import { Journal } from './journal.js';
import type { SpoolBatch, SpoolRun } from './spool-record.js';

export interface SpoolOptions {
  dir: string;
  /** Most runs that may wait for the log. */
  runsMax: number;
  /** Most bytes of events that may wait for the log. Default 4 Gi. */
  lengthMax?: number;
  /** True: `kept` is told only when the disk has confirmed, too. Default false. */
  flushed?: boolean;
  nowMs?: () => number;
}

/** Told when a run is durable, or when it could not be kept. */
export type Kept = (fault: Error | undefined) => void;

/** Runs that are written together at most: a batch is read back, published and removed as one. */
export const BATCH_RUNS_MAX = 500;
const BATCH_LENGTH_MAX = 4 * 1024 * 1024;
const LENGTH_MAX = 4 * 1024 ** 3;
/** Room beyond that of runs, as a share of it, for attempts that were refused. */
const ATTEMPTS_SHARE = 0.1;
/** How long after a failed write runs are refused before the disk is tried again. */
const FAULT_PAUSE_MS = 1_000;
/** Without `flushed`: how long after a write the disk is asked to confirm. */
const FLUSH_AFTER_MS = 50;

interface Waiting {
  run: SpoolRun;
  claimed: boolean;
  kept: Kept;
}

/**
 * Where a run's events are safe before its answer leaves (design §2 "The spool"): a journal in `dir`, one process per
 * folder. Why not a database: docs/decisions/0009-the-spool-is-a-journal.md.
 *
 * Promises: when `kept` is told, the run's events survive kill -9 of the process, and with `flushed` loss of power too,
 * all together; they are read back in the order of `put`; nothing goes before the shipper has removed it. Without
 * `flushed` the disk is asked to confirm within a twentieth of a second. Runs that come in one turn of the event loop
 * are written together, and with `flushed` those that come while the disk is at work: one write per group, not per run.
 */
export class Spool {
  private readonly backlog: Backlog;
  private waiting: Waiting[] = [];
  private scheduled = false;
  private flushing: Promise<void> | undefined;
  private flushTimer: NodeJS.Timeout | undefined;
  private unflushed = false;
  private faultUntilMs = 0;
  private lastFault: Error | undefined;
  /** Called when something new can be shipped. */
  onStored: (() => void) | undefined;

  private constructor(
    private readonly journal: Journal,
    private readonly claims: ClaimBook,
    private readonly options: Required<SpoolOptions>,
    private readonly release: () => void,
  ) {
    // A claim that the claim book did not get any more is in the journal, with its run.
    this.backlog = new Backlog(journal, (payerUserId, runId, atMs) => claims.add(payerUserId, runId, atMs));
  }

  /**
   * Opens the spool, with what an earlier process left in it. Throws when another process has it, when it cannot be
   * read, and `SpoolCorrupted` when something in it is not a batch.
   */
  static open(options: SpoolOptions): Spool {
    const { dir } = options;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    // Two writers would ship each other's runs, and remove what the other has not shipped.
    const release = ownByFile(join(dir, 'owner'), `The spool ${dir}`);
    let claims: ClaimBook | undefined;
    try {
      const journal = Journal.open(dir);
      claims = ClaimBook.open(join(dir, 'claims.lmdb'));
      const all = { lengthMax: LENGTH_MAX, nowMs: Date.now, flushed: false, ...options };
      return new Spool(journal, claims, all, release);
    } catch (error) {
      void claims?.close();
      release();
      throw error;
    }
  }

  /** Runs on their way: stored and waiting to be. */
  get depth(): number {
    return this.backlog.runs + this.waiting.length;
  }

  /** Why no run may start now; undefined when it may. `runsUnderWay` will need room too. */
  refusal(runsUnderWay: number): string | undefined {
    return this.fault(runsUnderWay, 1);
  }

  /**
   * Why an attempt that was refused cannot be kept; undefined when it can. Attempts have a tenth more room than runs: while
   * runs are refused for want of room, whoever is over his budget or rate is still told so, and the log still shows it.
   */
  attemptRefusal(): string | undefined {
    return this.fault(0, 1 + ATTEMPTS_SHARE);
  }

  private fault(runsToCome: number, share: number): string | undefined {
    const { runsMax, lengthMax } = this.options;
    if (this.depth + runsToCome >= runsMax * share) return 'the spool is full';
    if (this.backlog.length >= lengthMax * share) return 'the spool is full';
    if (this.faultUntilMs > 0 && this.faultUntilMs > this.options.nowMs()) {
      return `the spool cannot be written: ${this.lastFault?.message}`;
    }
    return undefined;
  }

  /** True when a caller has claimed this run id before, at this payer's cost: for ever. What others claimed says nothing. */
  isClaimed(payerUserId: string, runId: string): boolean {
    return this.claims.has(payerUserId, runId);
  }

  /** Keeps a run; `claimed` when its id was the caller's choice. `kept` is told once, never within this call. */
  put(run: SpoolRun, claimed: boolean, kept: Kept): void {
    this.waiting.push({ run, claimed, kept });
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || (this.flushing && this.options.flushed)) return;
    this.scheduled = true;
    setImmediate(this.writeWaiting);
  }

  /** One group in a turn of the event loop, so that whoever puts a run when one is kept keeps nobody waiting. */
  private readonly writeWaiting = (): void => {
    this.scheduled = false;
    const group = this.takeGroup();
    if (group.length === 0) return;
    const fault = this.write(group);
    if (!fault && this.options.flushed) return this.tellWhenFlushed(group);
    this.tell(group, fault);
    if (this.waiting.length > 0) this.schedule();
  };

  private takeGroup(): Waiting[] {
    let length = 0;
    let count = 0;
    while (count < this.waiting.length && count < BATCH_RUNS_MAX && length < BATCH_LENGTH_MAX) {
      for (const event of this.waiting[count]!.run.events) length += event.length;
      count += 1;
    }
    return count === this.waiting.length ? this.waiting.splice(0) : this.waiting.splice(0, count);
  }

  private write(group: readonly Waiting[]): Error | undefined {
    const nowMs = this.options.nowMs();
    const runs: SpoolRun[] = [];
    const claims: string[] = [];
    for (const { run, claimed } of group) {
      runs.push(run);
      if (claimed) claims.push(run.runId);
    }
    try {
      this.backlog.append(runs, claims, nowMs);
    } catch (error) {
      return this.failed(error as Error);
    }
    for (const { run, claimed } of group) if (claimed) this.claims.add(run.payerUserId, run.runId, nowMs);
    if (!this.options.flushed) this.flushSoon();
    return undefined;
  }

  private failed(fault: Error): Error {
    this.lastFault = fault;
    this.faultUntilMs = this.options.nowMs() + FAULT_PAUSE_MS;
    return fault;
  }

  private tell(group: readonly Waiting[], fault: Error | undefined): void {
    for (const { kept } of group) kept(fault);
    if (!fault) this.onStored?.();
  }

  private tellWhenFlushed(group: readonly Waiting[]): void {
    void this.flush().then((fault) => {
      this.tell(group, fault);
      if (this.waiting.length > 0) this.schedule();
    });
  }

  private flushSoon(): void {
    this.unflushed = true;
    if (this.flushing) return;
    this.flushTimer ??= setTimeout(() => {
      this.flushTimer = undefined;
      void this.flush().then(() => {
        if (this.unflushed) this.flushSoon();
      });
    }, FLUSH_AFTER_MS).unref();
  }

  /** Resolves to the fault, if there was one. */
  private async flush(): Promise<Error | undefined> {
    this.unflushed = false;
    const flushing = this.journal.flush();
    this.flushing = flushing.catch(() => undefined);
    try {
      await flushing;
      return undefined;
    } catch (error) {
      return this.failed(error as Error);
    } finally {
      this.flushing = undefined;
    }
  }

  /** See `Backlog.read`. */
  read(eventsMax: number): SpoolBatch[] {
    return this.backlog.read(eventsMax);
  }

  /** Removes what has reached the log: the oldest batches, as `read` gave them. */
  async remove(batches: readonly SpoolBatch[]): Promise<void> {
    await this.claims.store();
    this.backlog.remove(batches);
  }

  /** Every run that has not reached the log, oldest first, batch by batch. */
  *unshipped(): Iterable<SpoolRun> {
    for (const { runs } of this.backlog.all()) yield* runs;
  }

  /** When the oldest batch was written; undefined when there is none. */
  oldestAtMs(): number | undefined {
    return this.backlog.oldestAtMs();
  }

  /** Writes what waits, then closes. */
  async close(): Promise<void> {
    while (this.waiting.length > 0 || this.flushing) {
      if (!this.flushing) this.writeWaiting();
      await this.flushing;
    }
    clearTimeout(this.flushTimer);
    await this.journal.close();
    await this.claims.close();
    this.release();
  }
}
