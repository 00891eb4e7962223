import fc from 'fast-check';
import { base62Alphabet, checksumOf } from './checksum.js';

/** The checksum by its definition, bit by bit, without the library under test or zlib. */
function slowChecksumOf(body: string): string {
  let crc = 0xffffffff;
  for (const character of body) {
    crc ^= character.charCodeAt(0);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  let rest = BigInt((crc ^ 0xffffffff) >>> 0);
  const digits: string[] = [];
  while (rest > 0n) {
    digits.unshift(base62Alphabet.charAt(Number(rest % 62n)));
    rest /= 62n;
  }
  return digits.join('').padStart(6, '0');
}

describe('the checksum of a key', () => {
  it('has 62 different digits in the order 0-9, A-Z, a-z', () => {
    expect(new Set(base62Alphabet).size).toBe(62);
    expect([...base62Alphabet].sort().join('')).toBe(base62Alphabet);
  });

  it('of known bodies never changes', () => {
    // CRC-32 of "123456789" is 0xCBF43926, the check value of the standard.
    expect(checksumOf('123456789')).toBe('3jZRME');
    expect(checksumOf('')).toBe('000000');
    expect(checksumOf('sk-sim-00000000000000000000000000')).toBe('2n3Zfg');
  });

  it('equals CRC-32 as its definition computes it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 60 }), (body) => {
        expect(checksumOf(body)).toBe(slowChecksumOf(body));
      }),
    );
  });
});
