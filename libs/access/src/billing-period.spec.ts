import fc from 'fast-check';
import { PeriodClock, periodBounds, periodOf } from './billing-period.js';

describe('a billing period', () => {
  it('is the month in UTC', () => {
    expect(periodOf(Date.parse('2026-11-30T23:59:59.999Z'))).toBe('2026-11');
    expect(periodOf(Date.parse('2026-12-01T00:00:00.000Z'))).toBe('2026-12');
    expect(periodBounds('2028-02')).toEqual({ startMs: Date.UTC(2028, 1, 1), endMs: Date.UTC(2028, 2, 1) });
    expect(periodBounds('2026-12').endMs).toBe(Date.UTC(2027, 0, 1));
  });

  it('is the same by the clock that remembers it', () => {
    const clock = new PeriodClock();
    const instants = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) });
    fc.assert(
      fc.property(instants, (atMs) => {
        const { startMs, endMs } = periodBounds(periodOf(atMs));
        expect(atMs >= startMs && atMs < endMs).toBe(true);
        for (const each of [atMs, startMs, endMs, endMs - 1]) expect(clock.periodOf(each)).toBe(periodOf(each));
      }),
    );
  });
});
