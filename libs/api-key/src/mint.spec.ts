import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { base62Alphabet, checksumOf } from './checksum.js';
import { defaultKeyPrefix, idLength, isKeyPrefix, mintKey, newId } from './mint.js';
import type { RandomBytes } from './mint.js';

/** Gives the listed bytes in turn, over and over. */
function repeating(...bytes: number[]): RandomBytes {
  let at = 0;
  return (count) => Uint8Array.from({ length: count }, () => bytes[at++ % bytes.length] ?? 0);
}

/** Evenly spread bytes, the same in each run: SHA-256 of a counter. */
function seeded(seed: string): RandomBytes {
  let block = 0;
  let stock = Buffer.alloc(0);
  return (count) => {
    while (stock.length < count)
      stock = Buffer.concat([stock, createHash('sha256').update(`${seed}${block++}`).digest()]);
    const bytes = stock.subarray(0, count);
    stock = stock.subarray(count);
    return bytes;
  };
}

/** Pearson's chi-square against all of `alphabet` being equally likely. */
function chiSquareOf(text: string, alphabet: string): number {
  const counts = new Map([...alphabet].map((character) => [character, 0]));
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const expected = text.length / alphabet.length;
  return [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('minting a key', () => {
  it('makes 39 characters that real clients accept', () => {
    const key = mintKey();
    expect(key).toMatch(/^sk-sim-[A-Za-z0-9]{32}$/);
    expect(key).toHaveLength(39);
  });

  it('ends the key with the checksum of all that stands before it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/), (prefix) => {
        const key = mintKey(prefix);
        expect(key.startsWith(prefix)).toBe(true);
        expect(key.slice(-6)).toBe(checksumOf(key.slice(0, -6)));
        expect(key).toHaveLength(prefix.length + 32);
      }),
    );
  });

  it('turns known bytes into a known key', () => {
    const counting = repeating(...Array.from({ length: 62 }, (_, value) => value));
    expect(mintKey('sk-sim-', repeating(0))).toBe('sk-sim-000000000000000000000000002n3Zfg');
    expect(mintKey('sk-sim-', counting)).toBe(`sk-sim-${base62Alphabet.slice(0, 26)}3OpHQB`);
  });

  it('throws away the bytes that would make some characters likelier', () => {
    // 248 is 4 times 62: with a plain remainder 248 to 255 would give the characters 0 to 7 a fifth chance.
    const key = mintKey('sk-sim-', repeating(248, 61, 249, 250, 251, 252, 253, 254, 255, 247));
    expect(key.slice(7, -6)).toBe('z'.repeat(26));
  });

  it('gives each character the same number of byte values', () => {
    const counts = new Map<string, number>();
    for (let value = 0; value < 248; value++) {
      const character = mintKey('sk-sim-', repeating(value)).charAt(7);
      counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    expect(counts.size).toBe(62);
    expect(new Set(counts.values())).toEqual(new Set([4]));
  });

  it('spreads the characters evenly', () => {
    const source = seeded('spread');
    let text = '';
    for (let count = 0; count < 2000; count++) text += mintKey('k', source).slice(1, -6);
    // 61 degrees of freedom: 105 is passed by chance once in 2,500 runs; a plain remainder over 52,000 characters gives about 450.
    expect(chiSquareOf(text, base62Alphabet)).toBeLessThan(105);
    const biased = [...seeded('biased')(52_000)].map((byte) => base62Alphabet.charAt(byte % 62)).join('');
    expect(chiSquareOf(biased, base62Alphabet)).toBeGreaterThan(200);
  });

  it('never makes the same key twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => mintKey())).size).toBe(1000);
  });

  it('refuses a source without usable bytes instead of waiting for ever', () => {
    expect(() => mintKey('sk-sim-', repeating(255))).toThrow('broken');
    expect(() => mintKey('sk-sim-', () => new Uint8Array(0))).toThrow('broken');
    expect(() => newId(() => new Uint8Array(3))).toThrow('broken');
  });

  it.each(['', 'a b', 'schlüssel-', 'a\n', 'k:', 'k'.repeat(33)])('refuses the prefix %j', (prefix) => {
    expect(isKeyPrefix(prefix)).toBe(false);
    expect(() => mintKey(prefix)).toThrow('prefix');
  });

  it('has a default prefix that is one', () => {
    expect(isKeyPrefix(defaultKeyPrefix)).toBe(true);
  });
});

describe('a new record id', () => {
  it('is 21 URL-safe characters, the first a letter, none likelier than another', () => {
    expect(newId()).toMatch(/^[A-Za-z][A-Za-z0-9_-]{20}$/);
    const ids = Array.from({ length: 256 }, (_, value) => newId(repeating(value)));
    for (const [at, values] of [
      [0, 32],
      [1, 64],
    ] as const) {
      const characters = ids.map((id) => id.charAt(at));
      expect(new Set(characters).size).toBe(values);
      expect(characters.slice(0, values)).toEqual(characters.slice(256 - values));
    }
    for (const id of ids) expect(id).toMatch(/^[A-Za-z]/);
  });

  it('never comes twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => newId())).size).toBe(1000);
    expect(idLength).toBe(21);
  });
});
