import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { digestKey, digestOfSha256, digestsOf } from './digest.js';

const key = 'sk-sim-0123456789ABCDEFGHIJKLMNOP3OpHQB';
const pepper = 'a pepper of more than thirty-two characters';
const keySha256 = '6967ebddaed810bb2b03b42e1dfbe3fefbdb5110c6bb60ff3e610390f62afce4';

const sha256 = (...parts: (string | Uint8Array)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** HMAC by RFC 2104, from SHA-256 alone. */
function slowDigest(text: string, secret: string): string {
  const raw = Buffer.from(secret, 'utf8');
  const block = Buffer.alloc(64);
  block.set(raw.length > 64 ? sha256(raw) : raw);
  const inner = sha256(
    block.map((byte) => byte ^ 0x36),
    sha256(text),
  );
  return sha256(
    block.map((byte) => byte ^ 0x5c),
    inner,
  ).toString('hex');
}

describe('the look-up digest', () => {
  it('of a known key and pepper never changes: stored records depend on it', () => {
    expect(digestKey(key, pepper)).toBe('50a2f04a2635cde210cd534ea48ba5569a36f00cbbec5c3ecc10679c9b09a87b');
  });

  it('is HMAC-SHA-256 under the pepper of the SHA-256 of the key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme', maxLength: 200 }), (text, secret) => {
        expect(digestKey(text, secret)).toBe(slowDigest(text, secret));
        expect(digestKey(text, secret)).toBe(createHmac('sha256', secret).update(sha256(text)).digest('hex'));
      }),
    );
  });

  it('is the same for a key that is known by its SHA-256 only', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const hex = sha256(text).toString('hex');
        expect(digestOfSha256(hex, pepper)).toBe(digestKey(text, pepper));
        expect(digestOfSha256(hex.toUpperCase(), pepper)).toBe(digestKey(text, pepper));
      }),
    );
    expect(digestOfSha256(keySha256, pepper)).toBe(digestKey(key, pepper));
  });

  it.each(['', 'ab', 'g'.repeat(64), keySha256 + '0', keySha256.slice(1), keySha256 + '\n'])(
    'is refused for %j, which is no SHA-256',
    (text) => {
      expect(() => digestOfSha256(text, pepper)).toThrow('64 hexadecimal');
    },
  );

  it('differs between keys and between peppers', () => {
    expect(digestKey(key, pepper)).not.toBe(digestKey(key + 'x', pepper));
    expect(digestKey(key, pepper)).not.toBe(digestKey(key, pepper + 'x'));
  });

  it('comes once for each pepper, newest first', () => {
    const peppers = ['n'.repeat(32), pepper, 'o'.repeat(32)];
    expect(digestsOf(key, peppers)).toEqual(peppers.map((each) => digestKey(key, each)));
    expect(digestsOf(key, [])).toEqual([]);
  });
});
