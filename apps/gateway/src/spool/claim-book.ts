import { type Database, open, type RootDatabase } from 'lmdb';

/**
 * Run ids that callers have chosen, for ever: their events' ids are taken for ever. In LMDB, which looks one up among
 * millions without holding them in memory; few runs have one, and the journal holds it until `store` has resolved.
 */
export class ClaimBook {
  private readonly root: RootDatabase;
  private readonly claims: Database<number, string>;
  private readonly unstored = new Map<string, number>();

  private constructor(path: string) {
    this.root = open({ path, maxDbs: 2, separateFlushed: true, overlappingSync: true });
    this.claims = this.root.openDB<number, string>({ name: 'claims', encoding: 'msgpack' });
  }

  /** Throws when it cannot be read. */
  static open(path: string): ClaimBook {
    return new ClaimBook(path);
  }

  has(runId: string): boolean {
    return this.unstored.has(runId) || this.claims.get(runId) !== undefined;
  }

  /** Known at once, on the disk after the next `store`. */
  add(runId: string, atMs: number): void {
    this.unstored.set(runId, atMs);
  }

  /** Resolves when the disk has all that were added before. Rejects, and is to be repeated, when it could not take them. */
  async store(): Promise<void> {
    if (this.unstored.size === 0) return;
    const added = [...this.unstored];
    await Promise.all(
      added.map(([runId, atMs]) => {
        const stored = this.claims.put(runId, atMs) as Promise<boolean> & { flushed?: Promise<unknown> };
        return stored.flushed ?? stored;
      }),
    );
    for (const [runId] of added) this.unstored.delete(runId);
  }

  close(): Promise<void> {
    return this.root.close();
  }
}
