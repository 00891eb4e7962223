import fc from 'fast-check';
import { creditsOf } from './usage-events.js';

describe('the credits of a page', () => {
  test('sum exactly to the rounded total, and none is off by a whole credit', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 10_000_000n }), { maxLength: 100 }), (costs) => {
        const credits = creditsOf(costs);
        const total = Number(costs.reduce((sum, micros) => sum + micros, 0n));
        expect(credits.reduce((sum, credit) => sum + credit, 0)).toBe(Math.round(total / 5_000));
        credits.forEach((credit, nth) => {
          expect(credit).toBeGreaterThanOrEqual(0);
          expect(Math.abs(credit - Number(costs[nth]) / 5_000)).toBeLessThanOrEqual(1);
        });
      }),
    );
  });

  test('of a run at the base price is one', () => {
    expect(creditsOf([5_000n, 5_000n])).toEqual([1, 1]);
    expect(creditsOf([1_500n, 1_500n, 1_500n, 500n])).toEqual([0, 1, 0, 0]);
  });
});
