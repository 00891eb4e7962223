import { Problem } from '@tollgate/contracts';
import fc from 'fast-check';
import { mintCursor, readCursor } from './cursor.js';
import type { Order } from './run-page-request.js';

const order = fc.constantFrom<Order>('asc', 'desc');
const place = fc.record({
  startedAtMs: fc.integer({ min: Date.parse('0001-01-01'), max: Date.parse('9999-12-31T23:59:59.999Z') }),
  runId: fc.stringMatching(/^[A-Za-z0-9._:-]{1,128}$/),
});

const outcomeOf = (text: string, of: Order) => {
  try {
    return readCursor(text, of);
  } catch (error) {
    return error;
  }
};
const invalid = { status: 400, message: 'Invalid cursor', code: 'VALIDATION_ERROR' };
const encoded = (cursor: unknown) => Buffer.from(JSON.stringify(cursor)).toString('base64');

describe('a cursor', () => {
  test('gives back the place that it was made of, to the millisecond', () => {
    fc.assert(fc.property(place, order, (at, of) => expect(readCursor(mintCursor(at, of), of)).toEqual(at)));
  });

  test('survives a client that does not escape its plus signs', () => {
    fc.assert(
      fc.property(place, order, (at, of) =>
        expect(readCursor(mintCursor(at, of).replaceAll('+', ' '), of)).toEqual(at),
      ),
    );
  });

  test('is the base64 of JSON with startedAt, id and order', () => {
    const cursor = mintCursor({ startedAtMs: Date.parse('2026-11-03T10:20:30.123Z'), runId: 'r1' }, 'desc');
    expect(JSON.parse(Buffer.from(cursor, 'base64').toString())).toEqual({
      startedAt: '2026-11-03T10:20:30.123Z',
      id: 'log_r1',
      order: 'desc',
    });
  });

  test('is refused under the other order', () => {
    const cursor = mintCursor({ startedAtMs: 0, runId: 'r1' }, 'desc');
    expect(outcomeOf(cursor, 'asc')).toMatchObject(invalid);
  });

  test.each([
    ['nothing', ''],
    ['no base64', '%%%'],
    ['no JSON', Buffer.from('{').toString('base64')],
    ['null', encoded(null)],
    ['an array', encoded([])],
    ['missing parts', encoded({ order: 'desc' })],
    ['a time that is a number', encoded({ startedAt: 5, id: 'log_r', order: 'desc' })],
    ['a time of no calendar', encoded({ startedAt: '2026-02-30T00:00:00.000Z', id: 'log_r', order: 'desc' })],
    ['a time out of range', encoded({ startedAt: '+275760-09-13T00:00:00.000Z', id: 'log_r', order: 'desc' })],
    ['an id that is an object', encoded({ startedAt: '2026-01-01', id: { $ne: 1 }, order: 'desc' })],
    ['an id without its mark', encoded({ startedAt: '2026-01-01', id: 'r', order: 'desc' })],
    ['a huge id', encoded({ startedAt: '2026-01-01', id: `log_${'x'.repeat(129)}`, order: 'desc' })],
    ['an id with NUL', encoded({ startedAt: '2026-01-01', id: 'log_a\0b', order: 'desc' })],
    ['an unknown order', encoded({ startedAt: '2026-01-01', id: 'log_r', order: 'up' })],
    ['deep nesting', Buffer.from('['.repeat(700)).toString('base64')],
    ['far too much', 'A'.repeat(1_000_000)],
  ])('is refused when it holds %s', (_what, text) => {
    expect(outcomeOf(text, 'desc')).toMatchObject(invalid);
  });

  test('never ends in anything but a place or that refusal, however it is tampered with', () => {
    const tampered = fc.tuple(place, order, fc.nat(), fc.string({ maxLength: 3 })).map(([at, of, where, what]) => {
      const cursor = mintCursor(at, of);
      const index = where % cursor.length;
      return cursor.slice(0, index) + what + cursor.slice(index + 1);
    });
    const anyJson = fc
      .record({ startedAt: fc.jsonValue(), id: fc.jsonValue(), order: fc.oneof(order, fc.jsonValue()) })
      .map(encoded);
    fc.assert(
      fc.property(fc.oneof(tampered, anyJson, fc.string(), fc.base64String()), order, (text, of) => {
        const outcome = outcomeOf(text, of);
        if (outcome instanceof Problem) expect(outcome).toMatchObject(invalid);
        else {
          const at = outcome as { startedAtMs: number; runId: string };
          expect(new Date(at.startedAtMs).toISOString()).toBeDefined();
          expect(at.runId.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
