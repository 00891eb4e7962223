import { dateFault, expiresAtOf, expiryState } from './key-expiry.js';

const now = Date.parse('2026-11-24T12:00:00.000Z');

describe('the end of a key', () => {
  it('is left out for a key without one', () => {
    expect(expiresAtOf('never', '', now)).toBeUndefined();
  });

  it('counts days from now', () => {
    expect(expiresAtOf('30', '', now)).toBe('2026-12-24T12:00:00.000Z');
  });

  it('includes the whole of a chosen day', () => {
    expect(new Date(expiresAtOf('date', '2027-01-31', now)!).getHours()).toBe(23);
  });

  it('must be a day that is not over, at most ten years away', () => {
    expect(dateFault('date', '', now)).toMatch(/Choose/);
    expect(dateFault('date', '2026-11-20', now)).toMatch(/over/);
    expect(dateFault('date', '2037-01-01', now)).toMatch(/10 years/);
    expect(dateFault('date', '2027-01-01', now)).toBeNull();
    expect(dateFault('never', 'junk', now)).toBeNull();
  });

  it('warns a week ahead', () => {
    expect(
      [null, '2027-06-01T00:00:00Z', '2026-11-30T00:00:00Z', '2026-11-01T00:00:00Z'].map((at) => expiryState(at, now)),
    ).toEqual(['none', 'later', 'soon', 'over']);
  });
});
