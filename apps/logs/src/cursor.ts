import { Problem, readInstantMs } from '@tollgate/contracts';
import { z } from 'zod';
import { logIdOf, runIdOfLog } from './log-id.js';
import type { Order, RunPlace } from './run-page-request.js';

/** Longest cursor worth decoding: an id of 132 characters, a time and an order take less than 400. */
const CURSOR_CHARACTERS_MAX = 1_000;

const cursorSchema = z.object({ startedAt: z.string(), id: z.string(), order: z.enum(['asc', 'desc']) });

/** Contract B5.1: base64 of the JSON of the last entry's place and the order it was met in. */
export function mintCursor(place: RunPlace, order: Order): string {
  const { startedAtMs, runId } = place;
  const cursor = { startedAt: new Date(startedAtMs).toISOString(), id: logIdOf(runId), order };
  return Buffer.from(JSON.stringify(cursor)).toString('base64');
}

/**
 * The place a cursor names. Throws the 400 of contract B5.1 for everything that this service did not mint for this order;
 * nothing else can come of it, whatever the text. The same cursor may be used any number of times (contract B12 row 18).
 */
export function readCursor(text: string, order: Order): RunPlace {
  const place = placeOf(text, order);
  if (!place) throw new Problem('badRequest', { text: 'Invalid cursor' });
  return place;
}

function placeOf(text: string, order: Order): RunPlace | undefined {
  // A `+` that was not escaped arrives as a space.
  const base64 = text.replaceAll(' ', '+');
  if (base64.length > CURSOR_CHARACTERS_MAX || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(base64)) return undefined;
  let decoded: unknown;
  try {
    decoded = JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
  const cursor = cursorSchema.safeParse(decoded);
  if (!cursor.success || cursor.data.order !== order) return undefined;
  const startedAtMs = readInstantMs(cursor.data.startedAt);
  const runId = runIdOfLog(cursor.data.id);
  return startedAtMs === undefined || runId === undefined ? undefined : { startedAtMs, runId };
}
