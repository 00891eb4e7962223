import { Problem } from '@tollgate/contracts';
import fc from 'fast-check';
import { mintBoundCursor, readBoundCursor } from './bound-cursor.js';

const GARBAGE = 'cursor is not a valid pagination cursor. Restart pagination without a cursor.';
const OTHER_FILTERS =
  'cursor does not match the requested filters. Restart pagination without a cursor after changing a filter.';

const text = fc.string({ unit: 'binary-ascii' }).filter((value) => !value.includes('\0'));
const place = fc.tuple(text, text);
const filters = fc.record(
  {
    workspaceId: text,
    level: fc.constantFrom('info', 'error'),
    triggers: fc.array(text, { maxLength: 5 }),
    minCost: fc.bigInt({ min: 0n, max: 10n }),
  },
  { requiredKeys: ['workspaceId'] },
);

const refusalOf = (read: () => unknown) => {
  try {
    read();
  } catch (error) {
    if (error instanceof Problem) return [error.status, error.message];
    throw error;
  }
  return undefined;
};

describe('a cursor bound to its filters', () => {
  test('gives back its place under the same filters, in whatever order their lists are written', () => {
    fc.assert(
      fc.property(place, filters, (at, asked) => {
        const cursor = mintBoundCursor('logs', at, asked);
        const reordered = { ...asked, ...(asked.triggers && { triggers: [...asked.triggers].reverse() }) };
        expect(readBoundCursor('logs', cursor, reordered, 2)).toEqual(at);
      }),
    );
  });

  test('is refused under any other filter, and says so', () => {
    const asked = { workspaceId: 'w1', triggers: ['api', 'mcp'] };
    const cursor = mintBoundCursor('logs', ['a', 'b'], asked);
    for (const other of [
      { workspaceId: 'w2', triggers: ['api', 'mcp'] },
      { workspaceId: 'w1', triggers: ['api'] },
      { workspaceId: 'w1', triggers: ['api', 'mcp'], level: 'error' },
      { workspaceId: 'w1' },
    ]) {
      expect(refusalOf(() => readBoundCursor('logs', cursor, other, 2))).toEqual([400, OTHER_FILTERS]);
    }
  });

  test('is garbage to another list, and so is everything that no list made', () => {
    const cursor = mintBoundCursor('logs', ['a', 'b'], {});
    expect(refusalOf(() => readBoundCursor('workflows', cursor, {}, 2))).toEqual([400, GARBAGE]);
    expect(refusalOf(() => readBoundCursor('logs', cursor, {}, 1))).toEqual([400, GARBAGE]);
    const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const bad of [
      'x',
      '%%%',
      'A'.repeat(5_000),
      encoded(null),
      encoded({}),
      encoded(['logs', ['a', 'b']]),
      encoded(['logs', ['a', 5], 'f'.repeat(22)]),
      encoded(['logs', ['a', 'b\0'], 'f'.repeat(22)]),
      encoded(['logs', ['a', 'b'], 'short']),
    ]) {
      expect(refusalOf(() => readBoundCursor('logs', bad, {}, 2))).toEqual([400, GARBAGE]);
    }
  });

  test('never ends in anything but a place or one of the two refusals, however it is tampered with', () => {
    fc.assert(
      fc.property(place, fc.nat(), fc.string({ maxLength: 3 }), (at, where, what) => {
        const cursor = mintBoundCursor('logs', at, {});
        const index = where % cursor.length;
        const tampered = cursor.slice(0, index) + what + cursor.slice(index + 1);
        const refusal = refusalOf(() => readBoundCursor('logs', tampered, {}, 2));
        if (refusal) expect([GARBAGE, OTHER_FILTERS]).toContain(refusal[1]);
      }),
      { numRuns: 500 },
    );
  });
});
