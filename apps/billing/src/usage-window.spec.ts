import { momentMs } from '@tollgate/contracts';
import { usageWindow } from './usage-window.js';

const NOW_MS = Date.parse('2026-11-24T08:00:00.000Z');
const at = (text: string) => Date.parse(text);

describe('the window of a report', () => {
  test('given nothing, it is the current UTC month up to now', () => {
    expect(usageWindow({}, NOW_MS)).toEqual({ fromMs: at('2026-11-01T00:00:00Z'), toMs: NOW_MS });
  });

  test('given only its end, it is the month in which it ends', () => {
    const october = { fromMs: at('2026-10-01T00:00:00Z'), toMs: at('2026-11-01T00:00:00Z') };
    expect(usageWindow({ to: october.toMs }, NOW_MS)).toEqual(october);
  });

  test('given an end that is not after the begin, the fault names from', () => {
    expect(usageWindow({ from: NOW_MS, to: NOW_MS }, NOW_MS)).toMatchObject({
      path: ['from'],
      message: 'from must be before to',
    });
  });

  test('given exactly 400 days, it is taken; given a millisecond more, the fault names the rule', () => {
    const from = at('2025-01-01T00:00:00Z');
    const to = from + 400 * 86_400_000;
    expect(usageWindow({ from, to }, NOW_MS)).toEqual({ fromMs: from, toMs: to });
    expect(usageWindow({ from, to: to + 1 }, NOW_MS)).toMatchObject({
      path: ['from'],
      message: 'from and to must be at most 400 days apart',
    });
  });
});

describe('a moment in a query', () => {
  test.each([
    ['2026-11-01', '2026-11-01T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2026-11-01T10:00:00Z', '2026-11-01T10:00:00.000Z'],
    ['2026-11-01T10:00:00.123Z', '2026-11-01T10:00:00.123Z'],
    ['2026-11-01T10:00:00+02:00', '2026-11-01T08:00:00.000Z'],
  ])('given %s, it is %s', (text, iso) => {
    expect(new Date(momentMs(text)!).toISOString()).toBe(iso);
  });

  test.each([
    '',
    'yesterday',
    '2026-13-01',
    '2026-02-29',
    '2026-11-31',
    '2026-1-1',
    '2026-11-01T25:00:00Z',
    '2026-11-01T10:00:00',
    '2026-11-01T10:00:00.0001Z',
    '1762000000',
    '0000-01-01',
    '1969-12-31',
    '9999-12-31T23:59:59-23:00',
    '+010000-01-01T00:00:00Z',
    '2026-11-01 10:00:00Z',
    "2026-11-01'; DROP TABLE billing.ledger",
    '９９９９-01-01',
  ])('given %j, it is no moment', (text) => {
    expect(momentMs(text)).toBeUndefined();
  });
});
