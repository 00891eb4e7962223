import { FRAME_HEAD_BYTES } from './journal-frame.js';
import type { Journal, Place } from './journal.js';
import { batchBytes, readBatch, type SpoolBatch, type SpoolRun } from './spool-record.js';

/** Most bytes that are held in memory for the shipper; what is beyond is read back from the journal. */
const MEMORY_BYTES_MAX = 16 * 1024 * 1024;

/**
 * The runs that wait for the log, oldest first: all of them in the journal, the oldest also in memory, so that what is
 * shipped soon is not read back. Counts what waits.
 */
export class Backlog {
  private batches: SpoolBatch[] = [];
  private heldLength = 0;
  /** Where the journal goes on behind `batches`; undefined when they are all that waits. */
  private unread: Place | undefined;
  private runsNow = 0;
  private lengthNow = 0;

  /** Reads all that is there, to count it. Throws `SpoolCorrupted` when something is no batch. */
  constructor(
    private readonly journal: Journal,
    onClaim: (payerUserId: string, runId: string, writtenAtMs: number) => void,
    private readonly memoryMax = MEMORY_BYTES_MAX,
  ) {
    for (const { runs, length, claims, writtenAtMs } of this.all()) {
      this.runsNow += runs.length;
      this.lengthNow += length;
      if (claims.length === 0) continue;
      const claimed = new Set(claims);
      for (const { payerUserId, runId } of runs) if (claimed.has(runId)) onClaim(payerUserId, runId, writtenAtMs);
    }
    if (this.runsNow > 0) this.unread = journal.begin;
  }

  get runs(): number {
    return this.runsNow;
  }

  /** In bytes. */
  get length(): number {
    return this.lengthNow;
  }

  /** Writes runs into the journal as one batch. Throws when it cannot be written; then none of them waits. */
  append(runs: readonly SpoolRun[], claims: readonly string[], writtenAtMs: number): void {
    const bytes = batchBytes(runs, claims, writtenAtMs);
    const length = bytes.length - FRAME_HEAD_BYTES;
    const end = this.journal.append(bytes);
    this.runsNow += runs.length;
    this.lengthNow += length;
    if (this.unread) return;
    if (this.heldLength >= this.memoryMax) this.unread = this.batches.at(-1)!.end;
    else this.hold({ end, writtenAtMs, length, runs, claims });
  }

  private hold(batch: SpoolBatch): void {
    this.batches.push(batch);
    this.heldLength += batch.length;
  }

  /** The oldest batches, in order, of at most `eventsMax` events and some megabytes together; at least one if there is any. */
  read(eventsMax: number): SpoolBatch[] {
    if (this.unread && this.heldLength < this.memoryMax / 2) this.readOn(this.unread);
    let events = 0;
    let count = 0;
    for (const { runs } of this.batches) {
      for (const run of runs) events += run.events.length;
      if (count > 0 && events > eventsMax) break;
      count += 1;
    }
    return this.batches.slice(0, count);
  }

  private readOn(from: Place): void {
    this.unread = undefined;
    for (const { end, content } of this.journal.entries(from)) {
      if (this.heldLength >= this.memoryMax) {
        this.unread = this.batches.at(-1)?.end ?? from;
        return;
      }
      this.hold(readBatch(end, content));
    }
  }

  /** Removes the oldest batches, as `read` gave them. */
  remove(batches: readonly SpoolBatch[]): void {
    const last = batches.at(-1);
    if (!last) return;
    if (this.batches[batches.length - 1] !== last) throw new Error('Only the oldest batches can be removed');
    this.journal.take(last.end);
    this.batches.splice(0, batches.length);
    for (const { runs, length } of batches) {
      this.runsNow -= runs.length;
      this.lengthNow -= length;
      this.heldLength -= length;
    }
  }

  /** All that waits, read from the journal, batch by batch. */
  *all(): Iterable<SpoolBatch> {
    for (const { end, content } of this.journal.entries()) yield readBatch(end, content);
  }

  /** When the oldest batch was written; undefined when there is none. */
  oldestAtMs(): number | undefined {
    return this.read(1)[0]?.writtenAtMs;
  }
}
