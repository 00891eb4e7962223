import { cutOf } from './reconciliation.js';

describe('how far ledger and run log can be compared', () => {
  test('given both feeds at their newest event, everything up to the head of the log', () => {
    const heads = { meter: 9n, recorder: 10n };
    expect(cutOf(heads, { meter: 9n, recorder: 10n })).toEqual({ position: 10n, complete: true });
  });

  test('given a newest event of the other topic alone, a feed that has nothing left to do holds up nothing', () => {
    const heads = { meter: 9n, recorder: 40n };
    expect(cutOf(heads, { meter: 9n, recorder: 40n })).toEqual({ position: 40n, complete: true });
    expect(cutOf({ meter: 0n, recorder: 0n }, { meter: 0n, recorder: 0n })).toEqual({ position: 0n, complete: true });
  });

  test('given a feed that lags, only up to where it is, and the answer is not complete', () => {
    const heads = { meter: 9n, recorder: 10n };
    expect(cutOf(heads, { meter: 3n, recorder: 10n })).toEqual({ position: 3n, complete: false });
    expect(cutOf(heads, { meter: 9n, recorder: 4n })).toEqual({ position: 4n, complete: false });
  });

  test('given feeds that went on beyond the heads that were asked for, the heads are the cut', () => {
    expect(cutOf({ meter: 9n, recorder: 10n }, { meter: 19n, recorder: 20n })).toEqual({
      position: 10n,
      complete: true,
    });
  });
});
