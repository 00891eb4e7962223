import { pageOf, readPageCursor } from './page-cursor.js';

const rows = [
  { at: new Date('2026-11-01T10:00:00.123Z'), id: 'a' },
  { at: new Date('2026-11-01T10:00:00.123Z'), id: 'b' },
  { at: new Date('2026-11-02T00:00:00.000Z'), id: 'c' },
];
const keyOf = ({ at, id }: (typeof rows)[number]) => [at, id] as const;
const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('a page says where the next one begins when there is more, and nothing when there is not', () => {
  const first = pageOf(rows, 2, keyOf);

  expect(first.rows).toEqual(rows.slice(0, 2));
  expect(readPageCursor(first.nextCursor)).toEqual(['2026-11-01T10:00:00.123Z', 'b']);
  expect(pageOf(rows, 3, keyOf)).toEqual({ rows });
  expect(pageOf([], 3, keyOf)).toEqual({ rows: [] });
});

test('without a cursor a list begins before everything', () => {
  expect(readPageCursor(undefined)).toEqual(['-infinity', '']);
});

test.each([
  '',
  'x',
  'a\0b',
  made(null),
  made({}),
  made(['2026-11-01T10:00:00.123Z']),
  made(['2026-11-01T10:00:00.123Z', 7]),
  made(['2026-11-01T10:00:00.123Z', "a'; --"]),
  made(['2026-11-01', 'a']),
  made(['now', 'a']),
  made(['0000-01-01T00:00:00.000Z', 'a']),
  made(['+275760-09-13T00:00:00.000Z', 'a']),
  made(['2026-02-30T10:00:00.123Z', 'a']),
  `${made(['2026-11-01T10:00:00.123Z', 'b'])}!`,
  made(['2026-11-01T10:00:00.123Z', 'b']).slice(0, -1),
])('a cursor that was not made here is refused by name: %j', (cursor) => {
  expect(() => readPageCursor(cursor)).toThrow(
    expect.objectContaining({
      status: 400,
      options: { details: [{ path: ['cursor'], message: 'Cursor is not valid' }] },
    }),
  );
});
