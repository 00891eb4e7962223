import * as crypto from 'node:crypto';
import type { RandomBytes } from './mint.js';

/** A key that seals records. `id` stands in each envelope, so it must not tell the key: see `parseMasterKeys`. */
export interface MasterKey {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

/** Why an envelope does not open. */
export type SealFault =
  /** Not the text of an envelope. */
  | 'malformed'
  /** Sealed with a master key that is not in the list. */
  | 'unknown-key'
  /** Changed after sealing, or the envelope of another record. */
  | 'not-authentic';

/** An envelope that does not open: a damaged or swapped record, or a master key dropped too early. Holds no secret. */
export class SealError extends Error {
  override readonly name = 'SealError';

  constructor(readonly fault: SealFault) {
    super(`The seal does not open: ${fault}`);
  }
}

/** The most that may be sealed, in bytes of UTF-8. Keys take 39; the rest is room for signing secrets. */
export const sealedBytesMax = 65_536;

const version = 'v1';
const cipherName = 'aes-256-gcm';
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
const envelopeLengthMax = 88_000;

/**
 * Encrypts `plain` for storage as `v1.<keyId>.<iv>.<cipher>.<tag>` (base64url): AES-256-GCM under the first of
 * `masterKeys` (newest first), a fresh 12-byte IV from `randomBytes`, `recordId` as associated data, so that an envelope
 * moved to another record does not open (contract A1 row 5). IVs must never repeat: only tests pass their own source.
 *
 * Throws, without naming the secret, when the list is empty, a key or IV has the wrong size, `recordId` is empty, or
 * `plain` is over `sealedBytesMax` or not well-formed Unicode (it would come back changed).
 */
export function sealText(
  plain: string,
  recordId: string,
  masterKeys: readonly MasterKey[],
  randomBytes: RandomBytes = crypto.randomBytes,
): string {
  const newest = masterKeys[0];
  if (newest === undefined) throw new Error('Sealing needs a master key');
  if (newest.key.length !== keyBytes) throw new Error('A master key must be 32 bytes');
  if (!/^[0-9A-Za-z_-]{1,64}$/.test(newest.id)) throw new Error('A master key id must be 1 to 64 URL-safe characters');
  if (recordId === '') throw new Error('Sealing needs the id of the record');
  const bytes = Buffer.from(plain, 'utf8');
  if (bytes.length > sealedBytesMax) throw new Error(`A sealed text must be at most ${sealedBytesMax} bytes`);
  if (bytes.toString('utf8') !== plain) throw new Error('A sealed text must be well-formed Unicode');
  const iv = Buffer.from(randomBytes(ivBytes));
  if (iv.length !== ivBytes) throw new Error('The source of randomness is broken: wrong number of bytes');

  const cipher = crypto.createCipheriv(cipherName, newest.key, iv, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(recordId, 'utf8'));
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return [version, newest.id, base64url(iv), base64url(sealed), base64url(cipher.getAuthTag())].join('.');
}

/**
 * Opens what `sealText` made for the same `recordId`; the master key is found by its id anywhere in the list, so records
 * sealed before a rotation still open (contract A1 row 5). Only `rotate-secrets` has a reason to call it for keys.
 *
 * Throws a `SealError` that says why; each change of even one character of the envelope is noticed.
 */
export function openSeal(envelope: string, recordId: string, masterKeys: readonly MasterKey[]): string {
  const [keyId, iv, sealed, tag] = partsOf(envelope);
  const masterKey = masterKeys.find(({ id }) => id === keyId);
  if (masterKey === undefined) throw new SealError('unknown-key');
  const decipher = crypto.createDecipheriv(cipherName, masterKey.key, iv, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(recordId, 'utf8'));
  decipher.setAuthTag(tag);
  const bytes = decipher.update(sealed);
  try {
    return Buffer.concat([bytes, decipher.final()]).toString('utf8');
  } catch {
    throw new SealError('not-authentic');
  }
}

/**
 * The same text under the first of `masterKeys`; undefined when it is sealed under that one already. Throws like
 * `openSeal` and `sealText`.
 */
export function resealText(envelope: string, recordId: string, masterKeys: readonly MasterKey[]): string | undefined {
  const plain = openSeal(envelope, recordId, masterKeys);
  return partsOf(envelope)[0] === masterKeys[0]?.id ? undefined : sealText(plain, recordId, masterKeys);
}

function partsOf(envelope: string): [keyId: string, iv: Buffer, sealed: Buffer, tag: Buffer] {
  if (envelope.length > envelopeLengthMax) throw new SealError('malformed');
  const [start, keyId, ivText, sealedText, tagText, ...more] = envelope.split('.', 6);
  if (start !== version || keyId === undefined || more.length > 0) throw new SealError('malformed');
  const [iv, sealed, tag] = [bytesOf(ivText), bytesOf(sealedText), bytesOf(tagText)];
  if (iv.length !== ivBytes || tag.length !== tagBytes) throw new SealError('malformed');
  return [keyId, iv, sealed, tag];
}

/** Node decodes leniently and drops the last unused bits, so one record would have many spellings: accept only ours. */
function bytesOf(text: string | undefined): Buffer {
  const bytes = Buffer.from(text ?? '', 'base64url');
  if (text === undefined || base64url(bytes) !== text) throw new SealError('malformed');
  return bytes;
}

function base64url(bytes: Buffer): string {
  return bytes.toString('base64url');
}
