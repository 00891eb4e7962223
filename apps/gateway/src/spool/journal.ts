import {
  closeSync,
  fdatasync,
  fsync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { frame, FRAME_HEAD_BYTES, framesOf, SpoolCorrupted } from './journal-frame.js';

/** A place between two entries of the journal. */
export interface Place {
  segment: number;
  offset: number;
}

export interface JournalEntry {
  /** Where it ends. */
  end: Place;
  content: Buffer;
}

interface Segment {
  /** Where the next frame goes. */
  end: number;
  /** Where its last entry ends; notes of what was taken may follow. */
  entriesEnd: number;
}

/** A segment that has grown so far is followed by a new one. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** Once all is taken a segment that has grown so far goes, so that nothing lies around for long. */
const TAKEN_SEGMENT_BYTES = 1024 * 1024;
const NAME = /^(\d{1,15})\.journal$/;
const flushData = promisify(fdatasync);
const flushFolder = promisify(fsync);

/**
 * Files that are only ever appended to, in segments; one process per folder.
 *
 * Promises: what `append` has returned from survives kill -9 of the process, and loss of power too once a `flush` that
 * began later has resolved; entries are read back whole, in order, and from the last `take` on; a segment goes once
 * all that is in it and before it is taken. Each process begins segments of its own, so a place never means two things.
 */
export class Journal {
  /** Oldest first; the last one is written while `file` is open. */
  private readonly segments = new Map<number, Segment>();
  private taken: Place = { segment: 0, offset: 0 };
  private number = 0;
  private file: number | undefined;
  /** Files that are written no more and wait for their last flush. */
  private readonly ended: number[] = [];
  private hasNewName = false;

  private constructor(
    private readonly dir: string,
    private readonly segmentBytes: number,
  ) {}

  /** Opens what is there. Throws `SpoolCorrupted` when something in it is damaged. */
  static open(dir: string, segmentBytes = SEGMENT_BYTES): Journal {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const journal = new Journal(dir, segmentBytes);
    const numbers = readdirSync(dir).flatMap((name) => NAME.exec(name)?.[1] ?? []);
    for (const number of numbers.map(Number).sort((a, b) => a - b)) journal.look(number);
    journal.removeTaken();
    return journal;
  }

  private look(number: number): void {
    const segment = { end: 0, entriesEnd: 0 };
    for (const found of framesOf(String(number), readFileSync(this.pathOf(number)))) {
      segment.end = found.end;
      if (found.kind === 'entry') segment.entriesEnd = found.end;
      else this.taken = noted(`${number}:${found.start}`, found.content);
    }
    this.segments.set(number, segment);
    this.number = number;
  }

  /** What comes before it is taken. */
  get begin(): Place {
    return this.taken;
  }

  /**
   * Appends an entry, whose content stands in `bytes` behind `FRAME_HEAD_BYTES` of room, and tells where it ends.
   * Throws when it cannot be written; then nothing of it stays.
   */
  append(bytes: Buffer): Place {
    const end = this.write(frame('entry', bytes));
    this.segments.get(end.segment)!.entriesEnd = end.offset;
    return end;
  }

  /** Entries from a place on, in order. Reads one segment at a time. */
  *entries(from: Place = this.taken): Iterable<JournalEntry> {
    for (const [number, { entriesEnd }] of [...this.segments]) {
      const start = number === from.segment ? from.offset : 0;
      if (number < from.segment || start >= entriesEnd) continue;
      const bytes = readFileSync(this.pathOf(number)).subarray(0, entriesEnd);
      for (const { kind, end: offset, content } of framesOf(String(number), bytes, start)) {
        if (kind === 'entry') yield { end: { segment: number, offset }, content };
      }
    }
  }

  /** All before this place is done with: it is not read again, also not after a restart. */
  take(place: Place): void {
    this.taken = place;
    try {
      this.note(place);
    } catch {
      // A full disk. Segments go all the same, which is what it needs; the worst is that something is read again.
    }
    const open = this.segments.get(this.number);
    if (open && open.end >= TAKEN_SEGMENT_BYTES && this.isTaken(this.number, open)) this.endSegment();
    this.removeTaken();
  }

  private note({ segment, offset }: Place): void {
    const text = `${segment} ${offset}`;
    const bytes = Buffer.alloc(FRAME_HEAD_BYTES + text.length);
    bytes.write(text, FRAME_HEAD_BYTES, 'latin1');
    this.write(frame('taken', bytes));
  }

  private isTaken(number: number, { entriesEnd }: Segment): boolean {
    if (entriesEnd === 0) return true;
    return number < this.taken.segment || (number === this.taken.segment && this.taken.offset >= entriesEnd);
  }

  /** Oldest first, and none behind one that stays: newer ones hold the note of how far it was taken. */
  private removeTaken(): void {
    for (const [number, segment] of this.segments) {
      const isWritten = number === this.number && this.file !== undefined;
      if (isWritten || !this.isTaken(number, segment)) return;
      rmSync(this.pathOf(number), { force: true });
      this.segments.delete(number);
    }
  }

  private write(bytes: Buffer): Place {
    const file = (this.file ??= this.beginSegment());
    const segment = this.segments.get(this.number)!;
    try {
      for (let written = 0; written < bytes.length;) {
        written += writeSync(file, bytes, written, bytes.length - written, segment.end + written);
      }
    } catch (error) {
      this.cutBack(file, segment.end);
      throw error;
    }
    segment.end += bytes.length;
    const end = { segment: this.number, offset: segment.end };
    if (segment.end >= this.segmentBytes) this.endSegment();
    return end;
  }

  private beginSegment(): number {
    const file = openSync(this.pathOf(this.number + 1), 'wx', 0o600);
    this.number += 1;
    this.segments.set(this.number, { end: 0, entriesEnd: 0 });
    this.hasNewName = true;
    return file;
  }

  /** What was not written wholly is no part of the journal, whether the file can be cut or not. */
  private cutBack(file: number, end: number): void {
    try {
      ftruncateSync(file, end);
    } catch {
      // A beginning of a frame at the end of a segment is left out when it is read.
    }
    this.endSegment();
  }

  private endSegment(): void {
    if (this.file === undefined) return;
    this.ended.push(this.file);
    this.file = undefined;
  }

  /** Resolves when the disk has confirmed what was appended before the call. One call at a time. */
  async flush(): Promise<void> {
    const done = this.ended.splice(0);
    const isNew = this.hasNewName;
    this.hasNewName = false;
    try {
      for (const file of this.file === undefined ? done : [...done, this.file]) await flushData(file);
      if (isNew) await this.flushNames();
    } catch (error) {
      this.hasNewName ||= isNew;
      throw error;
    } finally {
      for (const file of done) closeSync(file);
    }
  }

  /** A file is found after loss of power once its folder is on the disk, too. */
  private async flushNames(): Promise<void> {
    if (process.platform === 'win32') return;
    const folder = openSync(this.dir, 'r');
    try {
      await flushFolder(folder);
    } finally {
      closeSync(folder);
    }
  }

  /** Flushes, closes, and removes all segments when all is taken. */
  async close(): Promise<void> {
    this.endSegment();
    await this.flush();
    this.removeTaken();
  }

  private pathOf(number: number): string {
    return join(this.dir, `${String(number).padStart(12, '0')}.journal`);
  }
}

function noted(where: string, content: Buffer): Place {
  const [, segment, offset] = /^(\d{1,15}) (\d{1,15})$/.exec(content.toString('latin1')) ?? [];
  if (segment === undefined) throw new SpoolCorrupted(where, 'it does not tell a place');
  return { segment: Number(segment), offset: Number(offset) };
}
