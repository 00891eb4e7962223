import { daysOf, durationText, monthWindow, relativeTo } from './dates.js';

describe('dates', () => {
  it('gives a UTC month as a half-open window, over the turn of a year too', () => {
    expect(monthWindow('2026-11')).toEqual({ from: '2026-11-01', to: '2026-12-01' });
    expect(monthWindow('2026-12')).toEqual({ from: '2026-12-01', to: '2027-01-01' });
  });

  it('lists all days of a month, leap days included, up to the last wanted one', () => {
    expect(daysOf('2028-02', '9999-12-31')).toHaveLength(29);
    expect(daysOf('2026-11', '2026-11-03')).toEqual(['2026-11-01', '2026-11-02', '2026-11-03']);
  });

  it('tells how long ago and how far ahead', () => {
    const now = Date.parse('2026-11-24T12:00:00.000Z');
    expect(relativeTo('2026-11-24T11:59:58.000Z', now)).toBe('just now');
    expect(relativeTo('2026-11-24T09:00:00.000Z', now)).toMatch(/^3/);
    expect(relativeTo('2026-11-26T12:00:00.000Z', now)).toMatch(/2/);
  });

  it('writes durations in the unit that fits', () => {
    expect([0.4, 999, 1500, 61_000].map(durationText)).toEqual(['0 ms', '999 ms', '1.50 s', '1 min 1 s']);
  });
});
