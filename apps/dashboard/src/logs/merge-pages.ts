import type { LogEntry, LogPage } from './run-log.js';

/** Beyond this many followed runs the list starts afresh from its newest page. */
export const FOLLOWED_MAX = 1_000;

const newestFirst = (a: LogEntry, b: LogEntry) => b.startedAt.localeCompare(a.startedAt) || b.id.localeCompare(a.id);

/**
 * Brings the newest page into the pages already shown. `undefined`: so much is new that runs between the two are not
 * known; the list must then be read from its begin.
 */
export function mergeNewest(pages: readonly LogPage[], newest: LogPage): LogPage[] | undefined {
  const [first, ...older] = pages;
  if (!first) return [newest];
  const known = new Set(pages.flatMap(({ data }) => data.map(({ id }) => id)));
  const fresh = newest.data.filter(({ id }) => !known.has(id));
  if (fresh.length === 0) return [...pages];
  const hasGap = fresh.length === newest.data.length && newest.nextCursor !== undefined;
  if (hasGap || first.data.length + fresh.length > FOLLOWED_MAX) return undefined;
  return [{ ...first, data: [...fresh, ...first.data].sort(newestFirst) }, ...older];
}
