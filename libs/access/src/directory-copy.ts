import { LRUCache } from 'lru-cache';
import { ENTRY_KINDS } from './directory-entries.js';
import type { EntryKind, EntryOf } from './directory-entries.js';

/** Entries kept of each kind; beyond it the one that was not used for longest makes room (about a kilobyte each). */
export const COPIED_MAX = 50_000;

/**
 * What one process has read of the directory, up to a change number of an epoch. Only entries that exist are kept: an
 * "unknown" would outlive the creation that makes it wrong, since nobody waits for copies when something is created.
 */
export class DirectoryCopy {
  private readonly kinds: Record<EntryKind, LRUCache<string, EntryOf[EntryKind]>>;
  private epoch: string | undefined;
  private applied = 0;
  /** Changes up to here were made by this process itself and are known to it before the stream brings them. */
  private own = 0;

  constructor(entriesMax = COPIED_MAX) {
    const kind = () => new LRUCache<string, EntryOf[EntryKind]>({ max: entriesMax });
    this.kinds = Object.fromEntries(ENTRY_KINDS.map((name) => [name, kind()])) as typeof this.kinds;
  }

  get ofEpoch(): string | undefined {
    return this.epoch;
  }

  /** All changes up to here are applied. */
  get sequence(): number {
    return this.applied;
  }

  get<K extends EntryKind>(kind: K, id: string): EntryOf[K] | undefined {
    return this.kinds[kind].get(id) as EntryOf[K] | undefined;
  }

  /**
   * Keeps an entry that was read when `sequence` changes were in it. One that was read before a change which this copy
   * has applied already is thrown away: that change may have been about it.
   */
  keep<K extends EntryKind>(kind: K, id: string, entry: EntryOf[K], epoch: string, sequence: number): void {
    if (epoch !== this.epoch || sequence < this.applied || sequence < this.own) return;
    this.kinds[kind].set(id, entry);
  }

  /** Applies the next change. False: it is not the next one, so the copy cannot be brought up. */
  change(sequence: number, touched: readonly [EntryKind, string][]): boolean {
    if (sequence !== this.applied + 1) return false;
    for (const [kind, id] of touched) this.kinds[kind]?.delete(id);
    this.applied = sequence;
    return true;
  }

  /** This process has changed these itself, and that was change `sequence`. */
  changedHere(sequence: number, touched: readonly [EntryKind, string][]): void {
    this.own = Math.max(this.own, sequence);
    for (const [kind, id] of touched) this.kinds[kind].delete(id);
  }

  /** Forgets everything and goes on from here. */
  beginAnew(epoch: string | undefined, sequence: number): void {
    for (const kind of Object.values(this.kinds)) kind.clear();
    if (epoch !== this.epoch) this.own = 0;
    this.epoch = epoch;
    this.applied = sequence;
  }
}
