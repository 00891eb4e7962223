import * as crypto from 'node:crypto';
import { base62Alphabet, checksumLength, checksumOf } from './checksum.js';
import { pooledRandomBytes } from './random-pool.js';

/** A source of randomness: `count` bytes, unpredictable in production, scripted in tests. */
export type RandomBytes = (count: number) => Uint8Array;

/** The prefix of keys unless `KEY_PREFIX` says otherwise (contract A1 row 4, A5). */
export const defaultKeyPrefix = 'sk-sim-';

/** Random characters in a key: 26 of base62 are 154.8 bits. */
export const randomPartLength = 26;

/** Characters after the prefix: random part and checksum. */
export const keyTailLength = randomPartLength + checksumLength;

export const keyPrefixLengthMax = 32;

/** Characters of a record id; 32 possible values of the first and 64 of each other, so 125 bits. */
export const idLength = 21;

const idAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The largest multiple of 62 within a byte: bytes from here on are thrown away, or low digits would come up more often. */
const unbiasedBelow = 248;

/** A draw of 32 bytes yields 31 usable ones on average: a sound source rarely needs a second draw and never all of them. */
const drawBytes = 32;
const drawsMax = 16;

/**
 * Whether `text` may be a key prefix: 1 to 32 characters of `A-Za-z0-9_-`, so that a key is safe in a header, a URL and
 * a shell. For the check of `KEY_PREFIX` at the start (contract A5). Never throws.
 */
export function isKeyPrefix(text: string): boolean {
  return text.length <= keyPrefixLengthMax && /^[A-Za-z0-9_-]+$/.test(text);
}

/**
 * A new key: `prefix`, 26 random base62 characters without modulo bias, and the checksum (contract A1 row 4, A6 "Key
 * checksum"). `parseKey` with the same prefix calls it `checked`. The text is the secret itself: show it once, never log it.
 *
 * Throws when `isKeyPrefix(prefix)` is false, or when `randomBytes` yields hardly any usable byte (a broken source).
 */
export function mintKey(prefix: string = defaultKeyPrefix, randomBytes: RandomBytes = crypto.randomBytes): string {
  if (!isKeyPrefix(prefix)) throw new Error('A key prefix must be 1 to 32 characters of A-Za-z0-9_-');
  const body = prefix + randomBase62(randomPartLength, randomBytes);
  return body + checksumOf(body);
}

/**
 * A new record id: 21 URL-safe characters, 125 random bits (contract B1 "Key record id"). It begins with a letter, since a
 * command line takes what begins with a dash for an option. It is no secret. Throws when `randomBytes` gives fewer bytes than asked for.
 */
export function newId(randomBytes: RandomBytes = pooledRandomBytes): string {
  let id = '';
  // 32 and 64 divide 256, so cutting a byte to five or six bits is already fair. The first 32 characters are letters.
  for (const byte of exactly(idLength, randomBytes)) id += idAlphabet.charAt(byte & (id === '' ? 31 : 63));
  return id;
}

function randomBase62(length: number, randomBytes: RandomBytes): string {
  let text = '';
  for (let draw = 0; draw < drawsMax; draw++) {
    for (const byte of exactly(drawBytes, randomBytes)) {
      if (byte >= unbiasedBelow) continue;
      text += base62Alphabet.charAt(byte % 62);
      if (text.length === length) return text;
    }
  }
  throw new Error('The source of randomness is broken: hardly any usable byte');
}

function exactly(count: number, randomBytes: RandomBytes): Uint8Array {
  const bytes = randomBytes(count);
  if (bytes.length !== count) throw new Error('The source of randomness is broken: wrong number of bytes');
  return bytes;
}
