import fc from 'fast-check';
import { instantText } from './instant-text.js';

describe('the text of an instant', () => {
  test('is what Date makes of it, in whatever order instants come', () => {
    const instants = fc.array(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }));
    fc.assert(
      fc.property(instants, (all) => {
        for (const atMs of all.flatMap((each) => [each, each + 1, each])) {
          expect(instantText(atMs)).toBe(new Date(atMs).toISOString());
        }
      }),
    );
  });
});
