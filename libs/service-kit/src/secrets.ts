import type { MasterKey } from '@tollgate/api-key';
import { Problem } from '@tollgate/contracts';

/** The secrets that seal and digest keys, newest first. Never logged, never serialised. */
export class Secrets {
  readonly #masterKeys: readonly MasterKey[];
  readonly #peppers: readonly string[];
  constructor(masterKeys: readonly MasterKey[], peppers: readonly string[]) {
    this.#masterKeys = masterKeys;
    this.#peppers = peppers;
  }
  get masterKeys(): readonly MasterKey[] {
    return this.#masterKeys;
  }
  get peppers(): readonly string[] {
    return this.#peppers;
  }
  /** What new keys are digested with. */
  get pepper(): string {
    const [newest] = this.#peppers;
    if (newest === undefined) throw new Error('KEY_PEPPERS is not set');
    return newest;
  }

  /** Throws a 409 Problem unless this is the id of what new records are sealed with here. */
  expectNewest(masterKeyId: string): void {
    if (this.#masterKeys[0]?.id !== masterKeyId) {
      throw new Problem('conflict', { text: 'MASTER_KEYS of this process begins with another key' });
    }
  }
}
