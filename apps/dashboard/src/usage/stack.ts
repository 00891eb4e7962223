import { dayText } from '../look/dates.js';
import type { GroupRow, Sums } from './usage.js';

/** How many groups get a colour of their own; the rest is summed up. */
export const SERIES_MAX = 7;
export const OTHERS = 'others';

export interface Series {
  /** The name of the field in the chart's data. */
  id: string;
  name: string;
}

/** The dearest groups of a month, and one for all others. Names alone may be the same: ids tell them apart. */
export function seriesOf(rows: readonly GroupRow[]): Series[] {
  const dearest = [...rows].sort((a, b) => Number(b.cost) - Number(a.cost) || a.name.localeCompare(b.name));
  const own = dearest.slice(0, SERIES_MAX).map(({ id, name }) => ({ id: `s-${id}`, name }));
  const counts = new Map<string, number>();
  for (const one of own) {
    const count = (counts.get(one.name) ?? 0) + 1;
    counts.set(one.name, count);
    if (count > 1) one.name = `${one.name} (${count})`;
  }
  return dearest.length > SERIES_MAX ? [...own, { id: OTHERS, name: `${dearest.length - SERIES_MAX} others` }] : own;
}

/** Rows of a split report by their day. */
export function dayGroups(rows: readonly (GroupRow & { day: string })[]): Map<string, GroupRow[]> {
  const days = new Map<string, GroupRow[]>();
  for (const row of rows) {
    const day = days.get(row.day);
    if (day) day.push(row);
    else days.set(row.day, [row]);
  }
  return days;
}

/** Days as if each had one group. */
export const unsplit = (days: readonly (Sums & { day: string })[]): Map<string, GroupRow[]> =>
  new Map(days.map(({ day, ...sums }) => [day, [{ id: '', name: 'All', ...sums }]]));

export type Measure = 'cost' | 'requests';

/** One point of the chart per day: each series' share. Drawn as numbers; sums are the server's. */
export function stackDays(
  days: readonly string[],
  groupsOf: ReadonlyMap<string, readonly GroupRow[]>,
  series: readonly Series[],
  measure: Measure,
): Record<string, string | number>[] {
  const own = new Set(series.map(({ id }) => id));
  return days.map((day) => {
    const point: Record<string, string | number> = { day: dayText(day) };
    for (const { id } of series) point[id] = 0;
    for (const row of groupsOf.get(day) ?? []) {
      const id = own.has(`s-${row.id}`) ? `s-${row.id}` : OTHERS;
      // Micro-dollars are added as integers, so that no cent is drawn wrong.
      const before = Math.round(Number(point[id] ?? 0) * 1e6);
      point[id] =
        measure === 'cost'
          ? (before + Math.round(Number(row.cost) * 1e6)) / 1e6
          : Number(point[id] ?? 0) + row.requests;
    }
    return point;
  });
}
