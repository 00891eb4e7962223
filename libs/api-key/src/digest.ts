import * as crypto from 'node:crypto';
import { Hmac } from './hmac.js';

/**
 * The look-up digest of a key: hex HMAC-SHA-256(pepper, SHA-256(key)), 64 lower-case characters (contract A6 "Digest").
 * The only form of a key that Redis, Kafka, logs and error reports may hold (A1 row 5). Never throws.
 *
 * On the hot path of every request: about 1 µs.
 */
export function digestKey(text: string, pepper: string): string {
  return hmacOfHex(crypto.hash('sha256', text, 'hex'), pepper);
}

/**
 * The same digest for a key of which only the SHA-256 is known, as in an import (contract A6 "Digest").
 * Throws when `sha256Hex` is not 64 hexadecimal characters: decoding would cut it short in silence.
 */
export function digestOfSha256(sha256Hex: string, pepper: string): string {
  if (!/^[0-9A-Fa-f]{64}$/.test(sha256Hex)) throw new Error('A SHA-256 must be 64 hexadecimal characters');
  return hmacOfHex(sha256Hex, pepper);
}

/**
 * The digests of a key under each pepper, in the order given: newest first, so the first is the one to store and the
 * others find records that `rotate-secrets` has not reached yet (contract A1 row 5). Never throws.
 */
export function digestsOf(text: string, peppers: readonly string[]): string[] {
  const sha256Hex = crypto.hash('sha256', text, 'hex');
  return peppers.map((pepper) => hmacOfHex(sha256Hex, pepper));
}

/** One for each pepper: a handful, for the life of the process. */
const hmacs = new Map<string, Hmac>();
const HMACS_MAX = 64;

function hmacOfHex(hex: string, pepper: string): string {
  let hmac = hmacs.get(pepper);
  if (!hmac) {
    if (hmacs.size >= HMACS_MAX) hmacs.clear();
    hmacs.set(pepper, (hmac = new Hmac(pepper)));
  }
  return hmac.ofDigest(hex);
}
