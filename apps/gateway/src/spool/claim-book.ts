import { type Database, open, type RootDatabase } from 'lmdb';

/**
 * Run ids that callers have chosen, each with its payer, for ever. In LMDB, which looks one up among millions without
 * holding them in memory; few runs have one, and the journal holds it until `store` has resolved.
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

  has(payerUserId: string, runId: string): boolean {
    const name = nameOf(payerUserId, runId);
    // A run id alone is a claim of a version that did not keep whose it was: it holds for everybody.
    return this.unstored.has(name) || this.claims.get(name) !== undefined || this.claims.get(runId) !== undefined;
  }

  /** Known at once, on the disk after the next `store`. */
  add(payerUserId: string, runId: string, atMs: number): void {
    this.unstored.set(nameOf(payerUserId, runId), atMs);
  }

  /** Resolves when the disk has all that were added before. Rejects, and is to be repeated, when it could not take them. */
  async store(): Promise<void> {
    if (this.unstored.size === 0) return;
    const added = [...this.unstored];
    await Promise.all(
      added.map(([name, atMs]) => {
        const stored = this.claims.put(name, atMs) as Promise<boolean> & { flushed?: Promise<unknown> };
        return stored.flushed ?? stored;
      }),
    );
    for (const [name] of added) this.unstored.delete(name);
  }

  close(): Promise<void> {
    return this.root.close();
  }
}

/** No run id has a space. */
function nameOf(payerUserId: string, runId: string): string {
  return `${payerUserId} ${runId}`;
}
