import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ownByFile } from '@tollgate/service-kit';
import { type Database, open, type RootDatabase } from 'lmdb';
import { batchText, readBatch, type SpoolBatch, type SpoolRun } from './spool-record.js';

export interface SpoolOptions {
  dir: string;
  /** Most runs that may wait for the log. */
  runsMax: number;
  /** Most characters of events that may wait for the log. Default 4 Gi. */
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
/** Most characters that are read at once. */
const READ_LENGTH_MAX = 16 * 1024 * 1024;
const LENGTH_MAX = 4 * 1024 ** 3;
/** Commits under way: while one is, runs gather for the next. More of them make smaller groups, and cost more than they save. */
const COMMITS_MAX = 1;
/** Longest wait for further runs, in milliseconds; it ends at once when none has come in a turn of the event loop. */
const GATHER_MS_MAX = 2;
/** Room beyond that of runs, as a share of it, for attempts that were refused. */
const ATTEMPTS_SHARE = 0.1;
/** How long after a failed commit runs are refused before the disk is tried again. */
const FAULT_PAUSE_MS = 1_000;

interface Waiting {
  run: SpoolRun;
  claimed: boolean;
  kept: Kept;
}

/**
 * Where a run's events are safe before its answer leaves (design §2 "The spool"): LMDB in `dir`, one process per folder.
 *
 * Promises: when `kept` is told, the run's events survive kill -9 of the process, and with `flushed` loss of power too,
 * all together; they are read back in the order of `put`; nothing goes before the shipper has removed it. Without
 * `flushed` the disk confirms some milliseconds later: at 64 callers that halves what a run costs in waiting. Runs that
 * come together are committed together, so durability costs one flush per group, not per run.
 */
export class Spool {
  private readonly batches: Database<string, number>;
  private readonly claims: Database<number, string>;
  private waiting: Waiting[] = [];
  private scheduled = false;
  private gathered = 0;
  private gatherUntilMs = 0;
  private commits = 0;
  private lastKey = 0;
  private runs = 0;
  private length = 0;
  private faultUntilMs = 0;
  private lastFault: Error | undefined;
  private idle: (() => void) | undefined;
  /** Called when something new can be shipped. */
  onStored: (() => void) | undefined;

  private constructor(
    private readonly root: RootDatabase,
    private readonly options: Required<SpoolOptions>,
    private readonly release: () => void,
  ) {
    this.batches = root.openDB<string, number>({ name: 'batches', encoding: 'string' });
    this.claims = root.openDB<number, string>({ name: 'claims', encoding: 'msgpack' });
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
    let root: RootDatabase | undefined;
    try {
      root = open({ path: `${dir}/runs.lmdb`, maxDbs: 2, separateFlushed: true, overlappingSync: true });
      const spool = new Spool(root, { lengthMax: LENGTH_MAX, nowMs: Date.now, flushed: false, ...options }, release);
      spool.countWhatIsThere();
      return spool;
    } catch (error) {
      void root?.close();
      release();
      throw error;
    }
  }

  private countWhatIsThere(): void {
    for (const { key, value } of this.batches.getRange()) {
      const batch = readBatch(key, value);
      this.lastKey = batch.key;
      this.runs += batch.runs.length;
      this.length += value.length;
    }
  }

  /** Runs on their way: stored and waiting to be. */
  get depth(): number {
    return this.runs;
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
    if (this.runs + runsToCome >= runsMax * share) return 'the spool is full';
    if (this.length >= lengthMax * share) return 'the spool is full';
    if (this.faultUntilMs > this.options.nowMs()) return `the spool cannot be written: ${this.lastFault?.message}`;
    return undefined;
  }

  /** True when a caller has claimed this run id before: for ever, since its events' ids are taken for ever. */
  isClaimed(runId: string): boolean {
    return this.claims.get(runId) !== undefined;
  }

  /** Keeps a run; `claimed` when its id was the caller's choice. `kept` is told once, never within this call. */
  put(run: SpoolRun, claimed: boolean, kept: Kept): void {
    this.waiting.push({ run, claimed, kept });
    this.runs += 1;
    if (!this.scheduled && this.commits < COMMITS_MAX) this.schedule();
  }

  private schedule(): void {
    this.scheduled = true;
    this.gathered = 0;
    this.gatherUntilMs = performance.now() + GATHER_MS_MAX;
    setImmediate(this.gather);
  }

  /** A commit costs much the same for one run and for many: as long as runs keep coming in, it waits a little for them. */
  private readonly gather = (): void => {
    const { length } = this.waiting;
    const isGrowing = length > this.gathered && length < BATCH_RUNS_MAX && performance.now() < this.gatherUntilMs;
    if (!isGrowing) return this.flush();
    this.gathered = length;
    setImmediate(this.gather);
  };

  private flush(): void {
    this.scheduled = false;
    const group = this.takeGroup();
    if (group.length === 0) return;
    const key = (this.lastKey += 1);
    this.commits += 1;
    let text: string;
    let stored: Promise<unknown>;
    try {
      text = batchText(
        group.map(({ run }) => run),
        this.options.nowMs(),
      );
      // Before the batch: a run that is kept has its claim kept.
      const claims = group
        .filter(({ claimed }) => claimed)
        .map(({ run }) => this.claims.put(run.runId, this.options.nowMs()));
      const commit = this.batches.put(key, text) as Promise<boolean> & { flushed?: Promise<unknown> };
      this.length += text.length;
      stored = Promise.all([...claims, commit, ...(this.options.flushed ? [commit.flushed] : [])]);
    } catch (error) {
      text = '';
      stored = Promise.reject(error as Error);
    }
    stored.then(
      () => this.endCommit(group, undefined),
      (fault: Error) => {
        this.length -= text.length;
        this.endCommit(group, fault);
      },
    );
    if (this.waiting.length > 0 && this.commits < COMMITS_MAX) this.schedule();
  }

  private takeGroup(): Waiting[] {
    let length = 0;
    let count = 0;
    while (count < this.waiting.length && count < BATCH_RUNS_MAX && length < BATCH_LENGTH_MAX) {
      for (const event of this.waiting[count]!.run.events) length += event.length;
      count += 1;
    }
    return count === this.waiting.length ? this.waiting.splice(0) : this.waiting.splice(0, count);
  }

  private endCommit(group: Waiting[], fault: Error | undefined): void {
    this.commits -= 1;
    if (fault) {
      this.runs -= group.length;
      this.lastFault = fault;
      this.faultUntilMs = this.options.nowMs() + FAULT_PAUSE_MS;
    }
    for (const { kept } of group) kept(fault);
    if (this.waiting.length > 0 && !this.scheduled) this.schedule();
    if (!fault) this.onStored?.();
    if (this.commits === 0 && this.waiting.length === 0) this.idle?.();
  }

  /** The oldest batches, in order, of at most `eventsMax` events and some megabytes together; at least one if there is any. */
  read(eventsMax: number): SpoolBatch[] {
    const found: SpoolBatch[] = [];
    let events = 0;
    let length = 0;
    for (const { key, value } of this.batches.getRange({ limit: eventsMax })) {
      const batch = readBatch(key, value);
      for (const run of batch.runs) events += run.events.length;
      length += value.length;
      if (found.length > 0 && (events > eventsMax || length > READ_LENGTH_MAX)) break;
      found.push(batch);
    }
    return found;
  }

  /** Removes what has reached the log. */
  async remove(batches: readonly SpoolBatch[]): Promise<void> {
    await Promise.all(batches.map(({ key }) => this.batches.remove(key)));
    for (const { runs, length } of batches) {
      this.runs -= runs.length;
      this.length -= length;
    }
  }

  /** Every run that has not reached the log, oldest first, batch by batch. */
  *unshipped(): Iterable<SpoolRun> {
    for (const { key, value } of this.batches.getRange()) yield* readBatch(key, value).runs;
  }

  /** When the oldest batch was written; undefined when there is none. */
  oldestAtMs(): number | undefined {
    for (const { key, value } of this.batches.getRange({ limit: 1 })) return readBatch(key, value).writtenAtMs;
    return undefined;
  }

  /** Waits for what is under way, then closes. */
  async close(): Promise<void> {
    if (this.commits > 0 || this.waiting.length > 0) await new Promise<void>((resolve) => (this.idle = resolve));
    await this.root.close();
    this.release();
  }
}
