import type { LoggedEvent } from '@tollgate/contracts';
import { changesOf, entryOf } from './directory-fold.js';
import { Directory, DirectoryUnavailable } from './directory.js';
import type { DirectoryState } from './directory.js';
import { ENTRY_KINDS } from './directory-entries.js';
import type { EntryKind, EntryOf } from './directory-entries.js';
import type { HeldEntry } from './directory-fingerprint.js';

/** One entry: its fields with the positions that set them, and what they make together. */
interface Slot {
  values: Map<string, unknown>;
  positions: Map<string, bigint>;
  entry: EntryOf[EntryKind] | undefined;
}

/**
 * The directory of the one-process form. `read` is one look into a map, synchronous. Its memory grows with what exists
 * (about a kilobyte per key, tombstones included): it is a projection and has to hold all of it, there is no cache to bound.
 *
 * It answers only after its owner called `markReady`, that is when a follower has read the whole log: before that a
 * missing entry proves nothing, and "unknown key" would be a lie.
 */
export class MemoryDirectory extends Directory {
  private readonly slots: Record<EntryKind, Map<string, Slot>> = {
    user: new Map(),
    workspace: new Map(),
    member: new Map(),
    key: new Map(),
    workflow: new Map(),
    mcpServer: new Map(),
    memberships: new Map(),
    prices: new Map(),
  };
  private position = 0n;
  private unreadyReason: string | undefined = 'it has not read the log yet';

  /** The follower that feeds it has caught up: from now on what is not here does not exist. */
  markReady(): void {
    this.unreadyReason = undefined;
  }

  /** Its feed has failed: from now on it answers nothing until it is ready again. */
  markUnready(reason: string): void {
    this.unreadyReason = reason;
  }

  override apply(events: readonly LoggedEvent[]): Promise<void> {
    const touched = new Map<Slot, EntryKind>();
    for (const event of events) {
      for (const { kind, id, field, value, position } of changesOf(event)) {
        const slot = this.slotOf(kind, id);
        const known = slot.positions.get(field);
        if (known !== undefined && known >= position) continue;
        slot.positions.set(field, position);
        slot.values.set(field, value);
        touched.set(slot, kind);
      }
      if (event.position > this.position) this.position = event.position;
    }
    for (const [slot, kind] of touched) slot.entry = entryOf(kind, slot.values);
    return Promise.resolve();
  }

  /** Throws `DirectoryUnavailable` at once, instead of a rejected promise, while it is not ready. */
  override read<K extends EntryKind>(kind: K, id: string): EntryOf[K] | undefined {
    if (this.unreadyReason !== undefined) throw new DirectoryUnavailable(this.unreadyReason);
    return this.slots[kind].get(id)?.entry as EntryOf[K] | undefined;
  }

  override state(): DirectoryState {
    const reason = this.unreadyReason;
    return {
      ready: reason === undefined,
      isWritable: true,
      position: this.position,
      ...(reason !== undefined && { reason }),
    };
  }

  /** All that it holds, to be compared with another body. */
  *held(): Generator<HeldEntry> {
    for (const kind of ENTRY_KINDS) {
      for (const [id, { values, positions }] of this.slots[kind]) {
        const fields = [...positions].map(([field, position]) => ({ field, position, value: values.get(field) }));
        yield { name: `${kind}:${id}`, fields };
      }
    }
  }

  private slotOf(kind: EntryKind, id: string): Slot {
    let slot = this.slots[kind].get(id);
    if (!slot) this.slots[kind].set(id, (slot = { values: new Map(), positions: new Map(), entry: undefined }));
    return slot;
  }
}
