import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Hmac } from './hmac.js';

const text = fc.string({ unit: 'grapheme', maxLength: 200 });

describe('an HMAC that is made many times', () => {
  it('is what createHmac makes, of any text under any secret, however often', () => {
    fc.assert(
      fc.property(text, fc.array(text, { minLength: 1, maxLength: 3 }), (secret, texts) => {
        const hmac = new Hmac(secret);
        for (const each of texts) {
          expect(hmac.ofText(each)).toBe(createHmac('sha256', secret).update(each, 'utf8').digest('hex'));
          const digest = createHash('sha256').update(each).digest();
          expect(hmac.ofDigest(digest.toString('hex'))).toBe(createHmac('sha256', secret).update(digest).digest('hex'));
        }
      }),
    );
  });
});
