import { hash } from 'node:crypto';
import { Problem } from '@tollgate/contracts';

/** Longest cursor worth decoding: a place is a time and an id of at most 128 characters. */
const CURSOR_CHARACTERS_MAX = 1_000;
const FINGERPRINT_CHARACTERS = 22;

const GARBAGE = 'cursor is not a valid pagination cursor. Restart pagination without a cursor.';
const OTHER_FILTERS =
  'cursor does not match the requested filters. Restart pagination without a cursor after changing a filter.';

/** What a page was asked for, apart from its size and place. Lists count as sets. */
export type CursorFilters = Readonly<
  Record<string, string | number | bigint | boolean | readonly string[] | undefined>
>;

/**
 * A place in one list, bound to the filters that it was met under (contract B5.3). It only says where to go on: who may
 * read what is decided anew on every page.
 */
export function mintBoundCursor(list: string, place: readonly string[], filters: CursorFilters): string {
  return Buffer.from(JSON.stringify([list, place, fingerprintOf(filters)])).toString('base64url');
}

/**
 * The place that a cursor names, `parts` texts. Throws the 400s of contract B5.3: one for what was not made by this list,
 * another for a cursor whose filters were others. The same cursor may be used any number of times (contract B12 row 18).
 */
export function readBoundCursor(list: string, text: string, filters: CursorFilters, parts: number): string[] {
  const cursor = decoded(text);
  if (!cursor || cursor.list !== list || cursor.place.length !== parts) throw refused(GARBAGE);
  if (cursor.fingerprint !== fingerprintOf(filters)) throw refused(OTHER_FILTERS);
  return cursor.place;
}

/** A part of a place that its list has minted as an instant in UTC, to the millisecond. Throws the 400 of a garbled cursor for another. */
export function instantOf(part: string): string {
  const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(part) && !Number.isNaN(Date.parse(part));
  if (!isInstant || part.startsWith('0000')) throw refused(GARBAGE);
  return part;
}

/** For a place that its list cannot have minted. */
export function garbageCursor(): Problem {
  return refused(GARBAGE);
}

function refused(message: string): Problem {
  return new Problem('badRequest', { text: message, details: [{ code: 'custom', path: ['cursor'], message }] });
}

function decoded(text: string): { list: string; place: string[]; fingerprint: string } | undefined {
  if (text.length > CURSOR_CHARACTERS_MAX || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value.length !== 3) return undefined;
  const [list, place, fingerprint] = value as unknown[];
  if (typeof list !== 'string' || !isPlace(place) || typeof fingerprint !== 'string') return undefined;
  return fingerprint.length === FINGERPRINT_CHARACTERS ? { list, place, fingerprint } : undefined;
}

/** Texts that a database can be asked for. */
function isPlace(place: unknown): place is string[] {
  return (
    Array.isArray(place) &&
    place.every((part) => typeof part === 'string' && part.isWellFormed() && !part.includes('\0'))
  );
}

function fingerprintOf(filters: CursorFilters): string {
  const asked = Object.entries(filters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, Array.isArray(value) ? [...new Set(value as string[])].sort() : String(value)])
    .sort(([one], [other]) => ((one as string) < (other as string) ? -1 : 1));
  return hash('sha256', JSON.stringify(asked), 'base64url').slice(0, FINGERPRINT_CHARACTERS);
}
