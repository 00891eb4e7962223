import { crc32 } from 'node:zlib';

/** The alphabet of key text; a character's place is its value as a digit (contract A6 "Key checksum"). */
export const base62Alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** How many characters the checksum takes: 62^6 is the first power of 62 above 2^32. */
export const checksumLength = 6;

/**
 * The checksum that ends a key: CRC-32 (IEEE) of `body` (prefix and random part), as 6 base62 digits, biggest first,
 * zero-padded (contract A1 row 4, A6 "Key checksum"). It finds typing mistakes, it proves nothing: anybody can compute it.
 *
 * Any one changed character and any two swapped neighbours change it: both lie within 32 neighbouring bits, and CRC-32
 * finds every such burst. Never throws; a `body` that is not ASCII is taken as UTF-8.
 */
export function checksumOf(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (let place = 0; place < checksumLength; place++) {
    digits = base62Alphabet.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}
