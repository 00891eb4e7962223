import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Config } from './config.js';

/** The header in which services show each other that they belong together. No client's request passes it on. */
export const INTERNAL_HEADER = 'x-tollgate-internal';

/**
 * What the services of one platform share: `INTERNAL_SECRET`, or one made from `KEY_PEPPERS`, which all of them have. The
 * newest is shown, each is taken, so that peppers can be rotated process by process.
 */
export class InternalSecret {
  readonly #secrets: readonly string[];

  constructor(config: Pick<Config, 'INTERNAL_SECRET'>, peppers: readonly string[]) {
    this.#secrets =
      config.INTERNAL_SECRET === undefined
        ? peppers.map((pepper) => createHmac('sha256', pepper).update('tollgate internal').digest('hex'))
        : [config.INTERNAL_SECRET];
  }

  /** Undefined when there is none: then nobody gets in. */
  get shown(): string | undefined {
    return this.#secrets[0];
  }

  /** Those that are taken, newest first. */
  get all(): readonly string[] {
    return this.#secrets;
  }

  isRight(given: unknown): boolean {
    if (typeof given !== 'string') return false;
    return this.#secrets.some((secret) => isSame(secret, given));
  }
}

function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
