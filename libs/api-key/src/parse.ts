import { checksumLength, checksumOf } from './checksum.js';
import { defaultKeyPrefix, keyTailLength } from './mint.js';

/** What the text of a key alone tells, before any store is asked. */
export type ParsedKey =
  /** Ours by shape and checksum. Whether it was ever issued only the directory knows. */
  | { readonly kind: 'checked' }
  /**
   * A shape that Sim itself issues: `sim_` or `sk-sim-` and 32 base64url characters, without our checksum. Such a key can
   * only be here by an import, so look it up when the directory holds imported keys, and refuse it otherwise: a mistyped
   * key of ours under `sk-sim-` looks the same.
   */
  | { readonly kind: 'foreign' }
  /** No key that Tollgate issued or imported: refuse without a look-up. */
  | { readonly kind: 'malformed' };

/** The prefix of Sim's legacy keys (contract B1 "Legacy format"). */
export const legacyKeyPrefix = 'sim_';

const checked: ParsedKey = Object.freeze({ kind: 'checked' });
const foreign: ParsedKey = Object.freeze({ kind: 'foreign' });
const malformed: ParsedKey = Object.freeze({ kind: 'malformed' });

const base62Tail = /^[0-9A-Za-z]{32}$/;
const base64urlTail = /^[0-9A-Za-z_-]{32}$/;

/**
 * Judges a presented key by its text alone, so that a mistyped or invented key costs no look-up (contract A1 row 4).
 * `prefix` is the configured one; keys minted under an earlier prefix are `malformed`, or `foreign` when that was `sk-sim-`.
 *
 * Never throws, whatever the text; wrong length is refused before a character is read, so the cost has a bound.
 * To the caller every refusal must look like an unknown key.
 */
export function parseKey(text: string, prefix: string): ParsedKey {
  if (hasShape(text, prefix, base62Tail)) {
    const bodyLength = text.length - checksumLength;
    if (checksumOf(text.slice(0, bodyLength)) === text.slice(bodyLength)) return checked;
  }
  if (hasShape(text, defaultKeyPrefix, base64urlTail)) return foreign;
  if (hasShape(text, legacyKeyPrefix, base64urlTail)) return foreign;
  return malformed;
}

function hasShape(text: string, prefix: string, tail: RegExp): boolean {
  return (
    text.length === prefix.length + keyTailLength && text.startsWith(prefix) && tail.test(text.slice(prefix.length))
  );
}
