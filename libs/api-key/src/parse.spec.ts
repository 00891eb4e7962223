import fc from 'fast-check';
import { base62Alphabet } from './checksum.js';
import { mintKey } from './mint.js';
import { parseKey } from './parse.js';

const prefixes = fc.oneof(fc.constant('sk-sim-'), fc.constant('sim_'), fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/));
const key = 'sk-sim-0123456789ABCDEFGHIJKLMNOP3OpHQB';

function kindOf(text: string, prefix = 'sk-sim-'): string {
  return parseKey(text, prefix).kind;
}

function replaced(text: string, at: number, by: string): string {
  return text.slice(0, at) + by + text.slice(at + 1);
}

describe('judging a key by its text', () => {
  it('passes a known key', () => {
    expect(kindOf(key)).toBe('checked');
  });

  it('passes every minted key under its own prefix', () => {
    fc.assert(
      fc.property(prefixes, (prefix) => {
        expect(kindOf(mintKey(prefix), prefix)).toBe('checked');
      }),
      { numRuns: 500 },
    );
  });

  it('notices every single changed character', () => {
    for (const minted of [key, mintKey(), mintKey()]) {
      for (let at = 0; at < minted.length; at++) {
        for (let code = 0; code < 256; code++) {
          const other = String.fromCharCode(code);
          if (other !== minted.charAt(at)) expect(kindOf(replaced(minted, at, other))).not.toBe('checked');
        }
      }
    }
  });

  it('notices every pair of swapped neighbours', () => {
    fc.assert(
      fc.property(prefixes, (prefix) => {
        const minted = mintKey(prefix);
        for (let at = 0; at + 1 < minted.length; at++) {
          const [left, right] = [minted.charAt(at), minted.charAt(at + 1)];
          if (left === right) continue;
          const swapped = minted.slice(0, at) + right + left + minted.slice(at + 2);
          expect(kindOf(swapped, prefix)).not.toBe('checked');
        }
      }),
    );
  });

  it('notices a missing, doubled or added character', () => {
    for (let at = 0; at < key.length; at++) {
      expect(kindOf(replaced(key, at, ''))).toBe('malformed');
      expect(kindOf(replaced(key, at, key.charAt(at).repeat(2)))).toBe('malformed');
    }
    for (const more of [' ', '\n', '\0', 'A']) {
      expect(kindOf(key + more)).toBe('malformed');
      expect(kindOf(more + key)).toBe('malformed');
    }
  });

  it('calls a damaged key under a prefix of our own malformed, so it costs no look-up', () => {
    const minted = mintKey('acme-');
    for (let at = 0; at < minted.length; at++) {
      const other = base62Alphabet.charAt((base62Alphabet.indexOf(minted.charAt(at)) + 1) % 62);
      expect(kindOf(replaced(minted, at, other), 'acme-')).toBe('malformed');
    }
  });

  it('calls a key minted under another prefix malformed', () => {
    expect(kindOf(mintKey('acme-'))).toBe('malformed');
    expect(kindOf(mintKey('acme-'), 'acme_')).toBe('malformed');
    expect(kindOf(mintKey('ab'), 'a')).toBe('malformed');
  });

  it("sets the shapes of Sim's own keys apart, whatever our prefix", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 24, maxLength: 24 }),
        fc.constantFrom('sk-sim-', 'acme-'),
        (bytes, prefix) => {
          const tail = Buffer.from(bytes).toString('base64url');
          // One in 2^32 passes our checksum by chance; these bytes come from a generator, so allow for it.
          expect(['foreign', 'checked']).toContain(kindOf(`sk-sim-${tail}`, prefix));
          expect(kindOf(`sim_${tail}`, prefix)).toBe('foreign');
        },
      ),
    );
    expect(kindOf('sk-sim-AbCdEfGhIjKlMnOpQrStUvWxYz0123+_')).toBe('malformed');
    expect(kindOf('sk-sim-AbCdEfGhIjKlMnOpQrStUvWxYz0123-_')).toBe('foreign');
    expect(kindOf(replaced(key, 10, 'x'))).toBe('foreign');
    expect(kindOf(key, 'acme-')).toBe('foreign');
    expect(kindOf('sim_AbCdEfGhIjKlMnOpQrStUvWxYz0123+/')).toBe('malformed');
  });

  it.each([
    ['nothing', ''],
    ['the prefix alone', 'sk-sim-'],
    ['blanks', ' '.repeat(39)],
    ['another case of the prefix', key.replace('sk-sim-', 'SK-SIM-')],
    ['wide digits that look alike', key.replace('0', '\uff10')],
    ['a lone surrogate', replaced(key, 20, '\ud800')],
    ['an emoji in place of two characters', key.slice(0, 20) + '😀' + key.slice(22)],
    ['a NUL', replaced(key, 20, '\0')],
  ])('calls %s malformed', (_, text) => {
    expect(kindOf(text)).toBe('malformed');
  });

  it('never throws and never passes a made-up text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), prefixes, (text, prefix) => {
        expect(kindOf(text, prefix)).toBe('malformed');
      }),
    );
  });

  it('refuses a long text without reading it', () => {
    const texts = [key + 'A'.repeat(10_000), '😀'.repeat(5_000), 'sk-sim-'.repeat(1_500), 'A'.repeat(10_000_000)];
    const startMs = performance.now();
    for (let round = 0; round < 10_000; round++) {
      for (const text of texts) if (kindOf(text) !== 'malformed') throw new Error('passed');
    }
    // 40,000 refusals in some milliseconds; reading the texts once each round would take minutes.
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});
