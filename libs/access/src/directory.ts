import type { LoggedEvent } from '@tollgate/contracts';
import type { EntryKind, EntryOf } from './directory-entries.js';

/**
 * The projection that answers "may this key do this?": keys by digest, workspaces with policy and payer, roles, users,
 * workflows, prices. It is folded field by field: each field carries the position of the event that set it, and an
 * older position never overwrites a newer one, so events may be applied twice, late and in any order.
 *
 * The service that commits a change applies it at once; the log applies it again, which repairs and rebuilds.
 */
export abstract class Directory {
  /** Folds events. When it resolves, every later `read` sees them. */
  abstract apply(events: readonly LoggedEvent[]): Promise<void>;

  /**
   * The entry, or undefined when there is none (a removed member or deleted workflow counts as none; a revoked key is
   * an entry with `revoked`). A value when it is at hand, a promise when it must be fetched. Entries are frozen.
   * Throws or rejects with `DirectoryUnavailable` when it cannot know: the caller answers 503, never a wrong 401.
   */
  abstract read<K extends EntryKind>(kind: K, id: string): EntryOf[K] | undefined | Promise<EntryOf[K] | undefined>;

  /** Whether its answers can be trusted now, and how far it has folded. */
  abstract state(): DirectoryState;
}

export interface DirectoryState {
  ready: boolean;
  /** Whether `apply` would work now, as far as is known. */
  isWritable: boolean;
  position: bigint;
  reason?: string;
}

/** The directory cannot be reached or trusted at the moment. */
export class DirectoryUnavailable extends Error {
  constructor(reason: string) {
    super(`The directory is unavailable: ${reason}`);
    this.name = 'DirectoryUnavailable';
  }
}
