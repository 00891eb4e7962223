/** How times are written. The zone is the reader's own; UTC is given beside it. */
const inZone = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const toTheSecond = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

export const zoneText = (at: string | number) => inZone.format(new Date(at));
export const zoneTextToTheSecond = (at: string | number) => toTheSecond.format(new Date(at));
export const utcText = (at: string | number) => new Date(at).toISOString().replace('T', ' ').replace('Z', '');

/** `3 hours ago`, `in 2 days`; under a minute: `just now`. */
export function relativeTo(at: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(at) - nowMs) / 1000);
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return seconds > 5 ? 'in a moment' : 'just now';
}

/** The UTC month that a bill is for: `2026-11` → its first instant and the first after it. */
export function monthWindow(month: string): { from: string; to: string } {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return { from: `${month}-01`, to: new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 10) };
}

export const utcMonthOf = (ms: number) => new Date(ms).toISOString().slice(0, 7);
export const utcDayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** All UTC days of a month, up to and with `lastDay`. */
export function daysOf(month: string, lastDay: string): string[] {
  const { to } = monthWindow(month);
  const days: string[] = [];
  for (let day = `${month}-01`; day < to && day <= lastDay; day = dayAfter(day)) days.push(day);
  return days;
}

const dayOfMonth = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' });

/** A UTC day within its year: `Nov 27`. */
export const dayText = (day: string) => dayOfMonth.format(Date.parse(`${day}T00:00:00Z`));

export const dayAfter = (day: string) => utcDayOf(Date.parse(`${day}T00:00:00Z`) + 86_400_000);

export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}
