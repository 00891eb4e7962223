import fc from 'fast-check';
import { mintKey } from './mint.js';
import { displayKey } from './preview.js';

describe('the display form of a key', () => {
  it.each([
    ['sk-sim-0123456789ABCDEFGHIJKLMNOP3OpHQB', 'sk-sim-', 'sk-sim-...pHQB'],
    ['acme-0123456789ABCDEFGHIJKLMNOP3OpHQB', 'acme-', 'acme-...pHQB'],
    ['sim_AbCdEfGhIjKlMnOpQrStUvWxYz0123-_', 'sk-sim-', 'sim_...23-_'],
    ['AbCdEfGhIjKlMnOpQrStUvWxYz0123-_', 'sk-sim-', '...23-_'],
    ['acme-0123456789ABCDEFGHIJKLMNOP3OpHQB', 'sk-sim-', '...pHQB'],
  ])('of %s under %s is %s', (text, prefix, shown) => {
    expect(displayKey(text, prefix)).toBe(shown);
  });

  it('shows nothing of the random part of a minted key', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/), (prefix) => {
        const key = mintKey(prefix);
        expect(displayKey(key, prefix)).toBe(`${prefix}...${key.slice(-4)}`);
      }),
    );
  });

  it.each(['', 'abc', 'abcd', 'abcdefg', 'sk-sim-', 'sk-sim-abcd', 'sim_abcdefg'])(
    'hides %j, of which it would show too much',
    (text) => {
      expect(displayKey(text, 'sk-sim-')).toBe('****');
    },
  );
});
