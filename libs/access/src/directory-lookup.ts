import type { EntryKind, EntryOf } from './directory-entries.js';

/**
 * Who is asked when Redis cannot answer: the keys service, which folds the log itself. Its answers are as of the call,
 * so nobody keeps them.
 */
export interface DirectoryLookup {
  /** Rejects with `DirectoryUnavailable` when there is no answer in time. */
  find<K extends EntryKind>(kind: K, id: string): Promise<EntryOf[K] | undefined>;
}
