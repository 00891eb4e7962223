import { Problem } from '@tollgate/contracts';

/** Where a keyset page begins: after the row of this instant and id, which are what the list is ordered by. */
export type PageStart = readonly [at: string, id: string];

/** PostgreSQL knows no year 0, and cursors of no other centuries are made. */
const INSTANT = /^(?!0000)\d{4}-/;

const FROM_THE_START: PageStart = ['-infinity', ''];

/** What `cursor` says, as values for `(instant, id) > ($1::timestamptz, $2)`. Throws the 400 that names the field. */
export function readPageCursor(cursor: string | undefined): PageStart {
  if (cursor === undefined) return FROM_THE_START;
  try {
    const [at, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as [unknown, unknown];
    const isMade = typeof at === 'string' && INSTANT.test(at) && typeof id === 'string' && /^[\w-]{1,128}$/.test(id);
    if (isMade && new Date(at).toISOString() === at && cursorOf(new Date(at), id) === cursor) return [at, id];
  } catch {
    // Refused below, like every cursor that was not made here.
  }
  throw new Problem('badRequest', { details: [{ path: ['cursor'], message: 'Cursor is not valid' }] });
}

function cursorOf(at: Date, id: string): string {
  return Buffer.from(JSON.stringify([at.toISOString(), id])).toString('base64url');
}

/**
 * One page of `rows`, which were asked for one beyond `limit`: that one only tells that there are more. Instants are of
 * whole milliseconds, else a cursor would fall short of its row.
 */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => readonly [at: Date, id: string],
): { rows: Row[]; nextCursor?: string } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, ...(rows.length > limit && last !== undefined && { nextCursor: cursorOf(...keyOf(last)) }) };
}
