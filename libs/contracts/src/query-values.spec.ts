import fc from 'fast-check';
import { readDecimal, readInstantMs, readList } from './query-values.js';

describe('a decimal of a query', () => {
  test.each([
    ['0.005', 5_000n, 5_000n],
    ['5', 5_000_000n, 5_000_000n],
    ['.5', 500_000n, 500_000n],
    ['5.', 5_000_000n, 5_000_000n],
    ['0.0000001', 0n, 1n],
    ['-0.0000001', -1n, 0n],
    ['1e-3', 1_000n, 1_000n],
    ['12345.678901', 12_345_678_901n, 12_345_678_901n],
    [' 7 ', 7_000_000n, 7_000_000n],
    ['1e999', 2n ** 62n, 2n ** 62n],
    ['-1e999', -(2n ** 62n), -(2n ** 62n)],
    ['1e-999', 0n, 1n],
  ])('%j is exact, or rounded to the side that was asked for', (text, down, up) => {
    expect(readDecimal(text)?.scaled(6, 'down')).toBe(down);
    expect(readDecimal(text)?.scaled(6, 'up')).toBe(up);
  });

  test.each(['', ' ', 'abc', '1,5', '0x10', 'NaN', 'Infinity', '1e', '--1', '1e9999', '9'.repeat(61), '٣', '1\0'])(
    '%j is none',
    (text) => expect(readDecimal(text)).toBeUndefined(),
  );

  test('whatever number is written, its micros are the nearest integers around it', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 9_999_999 }), (whole, tail) => {
        const text = `${whole}.${String(tail).padStart(7, '0')}`;
        const exact = BigInt(`${whole}${String(tail).padStart(7, '0')}`);
        const down = readDecimal(text)?.scaled(6, 'down') as bigint;
        const up = readDecimal(text)?.scaled(6, 'up') as bigint;
        expect(down * 10n <= exact && exact <= up * 10n).toBe(true);
        expect(up - down).toBe(exact % 10n === 0n ? 0n : 1n);
      }),
    );
  });
});

describe('an instant of a query', () => {
  test.each([
    ['2026-11-03', '2026-11-03T00:00:00.000Z'],
    ['2026-11-03T10:20', '2026-11-03T10:20:00.000Z'],
    ['2026-11-03T10:20:30.123456Z', '2026-11-03T10:20:30.123Z'],
    ['2026-11-03t10:20:30z', '2026-11-03T10:20:30.000Z'],
    ['2026-11-03T10:20:30+02:00', '2026-11-03T08:20:30.000Z'],
    ['2026-11-03T10:20:30 02:00', '2026-11-03T08:20:30.000Z'],
    ['2026-11-03T10:20:30-0230', '2026-11-03T12:50:30.000Z'],
    ['2026-11-03 10:20', '2026-11-03T10:20:00.000Z'],
    ['0000-01-01', '0000-01-01T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ])('%j is %s', (text, instant) => {
    expect(new Date(readInstantMs(text) as number).toISOString()).toBe(instant);
  });

  test.each([
    'yesterday',
    '2026-13-01',
    '2026-02-30',
    '2025-02-29',
    '2026-11-03T24:00',
    '2026-11-03T10:61',
    '2026-11-03T10:20:30+99:00',
    '12026-11-03',
    '1',
    'Nov 3 2026',
    '2026-11-03\0',
  ])('%j is none', (text) => expect(readInstantMs(text)).toBeUndefined());

  test('every instant that JavaScript writes is read back', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          expect(readInstantMs(date.toISOString())).toBe(date.getTime());
        },
      ),
    );
  });

  test('no text makes it throw', () => {
    fc.assert(fc.property(fc.string(), (text) => void [readInstantMs(text), readDecimal(text), readList(text)]));
  });
});

test('a list has no empties and each value once', () => {
  expect(readList(' a,,b , a,')).toEqual(['a', 'b']);
  expect(readList(',')).toEqual([]);
});
