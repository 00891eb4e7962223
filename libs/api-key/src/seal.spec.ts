import { createDecipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { openSeal, sealText, sealedBytesMax } from './seal.js';
import type { MasterKey } from './seal.js';
import { parseMasterKeys } from './secret-list.js';

const [newer, older] = parseMasterKeys(`${'0f'.repeat(32)},${'a1'.repeat(32)}`) as [MasterKey, MasterKey];
const masterKeys = [newer, older];
const recordId = 'V1StGXR8_Z5jdHi6B-myT';
const secret = 'sk-sim-0123456789ABCDEFGHIJKLMNOP3OpHQB';
const texts = fc.string({ unit: 'grapheme', maxLength: 200 });

/** What `openSeal` throws, as its fault; any other outcome as text. */
function faultOf(open: () => string): unknown {
  try {
    return `opened: ${open()}`;
  } catch (error) {
    return error instanceof Error && 'fault' in error ? error.fault : error;
  }
}

describe('sealing a secret for storage', () => {
  it('gives back what was sealed, for the same record', () => {
    fc.assert(
      fc.property(texts, fc.string({ unit: 'grapheme', minLength: 1 }), (plain, id) => {
        expect(openSeal(sealText(plain, id, masterKeys), id, masterKeys)).toBe(plain);
      }),
    );
  });

  it('makes a known envelope from known randomness', () => {
    const envelope = sealText(secret, recordId, masterKeys, (count) => new Uint8Array(count).fill(7));
    expect(envelope).toBe(
      'v1.9b68d49b.BwcHBwcHBwcHBwcH.8iOdOT1eoGn8gFsbGPoBewKQJZKghdWq-6dGH1_cthdA8HdYcQlA.GjgLx72KuHAXXejGNISW3g',
    );
  });

  it('opens an envelope of today for ever', () => {
    expect(
      openSeal(
        'v1.9b68d49b.BwcHBwcHBwcHBwcH.8iOdOT1eoGn8gFsbGPoBewKQJZKghdWq-6dGH1_cthdA8HdYcQlA.GjgLx72KuHAXXejGNISW3g',
        recordId,
        masterKeys,
      ),
    ).toBe(secret);
  });

  it('is AES-256-GCM with the record id as associated data, as anybody can check', () => {
    const [version, keyId, iv, sealed, tag] = sealText(secret, recordId, masterKeys).split('.') as string[];
    const bytes = (text = '') => Buffer.from(text, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from('0f'.repeat(32), 'hex'), bytes(iv));
    decipher.setAAD(Buffer.from(recordId)).setAuthTag(bytes(tag));
    expect(decipher.update(bytes(sealed), undefined, 'utf8') + decipher.final('utf8')).toBe(secret);
    expect([version, keyId, bytes(iv).length, bytes(tag).length]).toEqual(['v1', newer.id, 12, 16]);
  });

  it('never makes the same envelope twice', () => {
    const envelopes = Array.from({ length: 500 }, () => sealText(secret, recordId, masterKeys));
    expect(new Set(envelopes.map((envelope) => envelope.split('.')[2])).size).toBe(500);
  });

  it('does not open for another record', () => {
    fc.assert(
      fc.property(texts, texts, texts, (plain, id, other) => {
        fc.pre(id !== other && id !== '');
        const envelope = sealText(plain, id, masterKeys);
        expect(faultOf(() => openSeal(envelope, other, masterKeys))).toBe('not-authentic');
      }),
    );
  });

  it('does not open when any one character was changed, even in bits that decoding drops', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=. ';
    for (const plain of ['', 'x', 'xy', secret]) {
      const envelope = sealText(plain, recordId, masterKeys);
      for (let at = 0; at < envelope.length; at++) {
        for (const other of ['', ...alphabet]) {
          if (other === envelope.charAt(at)) continue;
          const tampered = envelope.slice(0, at) + other + envelope.slice(at + 1);
          const fault = faultOf(() => openSeal(tampered, recordId, masterKeys));
          expect(['malformed', 'unknown-key', 'not-authentic']).toContain(fault);
        }
      }
    }
  });

  it('does not open when anything was added to it', () => {
    const envelope = sealText(secret, recordId, masterKeys);
    for (const more of ['.', '.AAAA', ' ', '=']) {
      expect(faultOf(() => openSeal(envelope + more, recordId, masterKeys))).toBe('malformed');
      expect(faultOf(() => openSeal(more + envelope, recordId, masterKeys))).toBe('malformed');
    }
  });

  it('does not open under another master key of the list', () => {
    const envelope = sealText(secret, recordId, masterKeys).replace(newer.id, older.id);
    expect(faultOf(() => openSeal(envelope, recordId, masterKeys))).toBe('not-authentic');
  });

  it('opens after a rotation what was sealed before it, and seals with the newest', () => {
    const before = sealText(secret, recordId, [older]);
    expect(openSeal(before, recordId, masterKeys)).toBe(secret);
    expect(sealText(secret, recordId, masterKeys).split('.')[1]).toBe(newer.id);
    expect(faultOf(() => openSeal(before, recordId, [newer]))).toBe('unknown-key');
    expect(faultOf(() => openSeal(before, recordId, []))).toBe('unknown-key');
  });

  it('calls any text that is no envelope malformed or sealed by an unknown key', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^v1\.[\w.-]{0,90}$/)), (text) => {
        expect(['malformed', 'unknown-key']).toContain(faultOf(() => openSeal(text, recordId, masterKeys)));
      }),
    );
    expect(faultOf(() => openSeal('v1.'.repeat(1_000_000), recordId, masterKeys))).toBe('malformed');
  });

  it('takes texts up to its limit and refuses longer ones', () => {
    const longest = 'x'.repeat(sealedBytesMax);
    expect(openSeal(sealText(longest, recordId, masterKeys), recordId, masterKeys)).toBe(longest);
    expect(() => sealText(`${longest}x`, recordId, masterKeys)).toThrow('at most 65536 bytes');
  });

  it('refuses what it could not give back or could not protect, without naming the secret', () => {
    const short = { id: 'short', key: randomBytes(16) };
    const odd = { id: 'a.b', key: randomBytes(32) };
    expect(() => sealText(secret, recordId, [])).toThrow(/^Sealing needs a master key$/);
    expect(() => sealText(secret, recordId, [short])).toThrow(/^A master key must be 32 bytes$/);
    expect(() => sealText(secret, recordId, [odd])).toThrow(/^A master key id must be 1 to 64 URL-safe characters$/);
    expect(() => sealText(secret, '', masterKeys)).toThrow(/^Sealing needs the id of the record$/);
    expect(() => sealText('\ud800', recordId, masterKeys)).toThrow(/^A sealed text must be well-formed Unicode$/);
    expect(() => sealText(secret, recordId, masterKeys, () => randomBytes(8))).toThrow('broken');
  });
});
