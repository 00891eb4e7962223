/** When a new key may end: choices of the form, and how an end is read. */
export const EXPIRIES = [
  { value: 'never', label: 'Never' },
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: 'date', label: 'On a date…' },
] as const;
export type Expiry = (typeof EXPIRIES)[number]['value'];

const DAY_MS = 86_400_000;
const LIFETIME_YEARS_MAX = 10;
const SOON_MS = 7 * DAY_MS;

/** The instant a choice means, or undefined for a key without an end. A date ends with its day, in the reader's zone. */
export function expiresAtOf(choice: Expiry, date: string, nowMs: number): string | undefined {
  if (choice === 'never') return undefined;
  if (choice === 'date') return new Date(`${date}T23:59:59`).toISOString();
  return new Date(nowMs + Number(choice) * DAY_MS).toISOString();
}

/** What is wrong with a chosen date; null: nothing. */
export function dateFault(choice: Expiry, date: string, nowMs: number): string | null {
  if (choice !== 'date') return null;
  const endMs = Date.parse(`${date}T23:59:59`);
  if (Number.isNaN(endMs)) return 'Choose a date';
  if (endMs <= nowMs) return 'This day is over: choose today or a later one';
  const last = new Date(nowMs);
  last.setFullYear(last.getFullYear() + LIFETIME_YEARS_MAX);
  return endMs > last.getTime() ? `At most ${LIFETIME_YEARS_MAX} years from now` : null;
}

export function expiryState(expiresAt: string | null, nowMs: number): 'none' | 'later' | 'soon' | 'over' {
  if (expiresAt === null) return 'none';
  const leftMs = Date.parse(expiresAt) - nowMs;
  return leftMs <= 0 ? 'over' : leftMs <= SOON_MS ? 'soon' : 'later';
}
