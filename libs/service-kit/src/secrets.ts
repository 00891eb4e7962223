import type { MasterKey } from '@tollgate/api-key';

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
}
