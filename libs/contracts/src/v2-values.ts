import { z } from 'zod';
import { readDecimal, readInstantMs, readList } from './query-values.js';

/** How the values of a v2 query are read (contract B2, B5.3): each is one text that is not blank; faults name the key. */

/** Most entries of one page of a v2 list other than the logs. */
export const V2_PAGE_MAX = 100;
const INT32_MAX = 2_147_483_647;

const UTC_INSTANT = /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z$/;

const read = <T>(name: string, reading: (text: string) => T | undefined, rule: string) =>
  z
    .string({ error: ({ input }) => (input === undefined ? `${name} is required` : `${name} must be given once`) })
    .transform((text, context) => {
      const value = text.includes('\0') ? undefined : reading(text);
      if (value !== undefined) return value;
      context.issues.push({ code: 'custom', message: `${name} ${rule}`, input: text });
      return z.NEVER;
    });

/** An id or another text of at most `lengthMax` characters. */
export const v2Text = (name: string, lengthMax = 128) =>
  read(name, (text) => (text.length <= lengthMax ? text : undefined), `must be at most ${lengthMax} characters`);

export const v2Flag = (name: string) =>
  read(name, (text) => ({ true: true, false: false })[text], 'must be true or false');

export const v2Word = <const T extends string>(name: string, words: readonly T[]) =>
  read(name, (text) => words.find((word) => word === text), `must be one of ${words.join(', ')}`);

/** A comma list without empty entries. */
export const v2List = (name: string, lengthMax: number) =>
  read(
    name,
    (text) => {
      const parts = text.split(',').map((part) => part.trim());
      return parts.includes('') || parts.length > lengthMax ? undefined : readList(text);
    },
    `must be a comma list of 1 to ${lengthMax} entries, none of them empty`,
  );

/** Milliseconds of a UTC instant, `2026-08-06T00:00:00Z`. */
export const v2Instant = (name: string) =>
  read(
    name,
    (text) => (UTC_INSTANT.test(text) ? readInstantMs(text) : undefined),
    'must be a UTC ISO 8601 timestamp such as 2026-08-06T00:00:00Z',
  );

/** Whole milliseconds. */
export const v2Duration = (name: string) =>
  read(
    name,
    (text) => (/^\d{1,10}$/.test(text) && Number(text) <= INT32_MAX ? BigInt(text) : undefined),
    `must be a whole number from 0 to ${INT32_MAX}`,
  );

/** Dollars; exact micro-dollars when checked, a bound between two of them moved into its range. */
export const v2Dollars = (name: string, rounding: 'up' | 'down') =>
  read(
    name,
    (text) => {
      const dollars = readDecimal(text);
      const fits = dollars && dollars.approximate >= 0 && dollars.approximate <= 1_000_000;
      return fits ? dollars.scaled(6, rounding) : undefined;
    },
    'must be a number from 0 to 1000000',
  );

/** The page size of every v2 list other than the logs. */
export const v2Limit = (fallback = 50) =>
  read(
    'limit',
    (text) => (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= V2_PAGE_MAX ? Number(text) : undefined),
    `must be a whole number from 1 to ${V2_PAGE_MAX}`,
  ).default(fallback);

/** Opaque; what it holds is checked by the list that minted it. */
export const v2Cursor = () => z.string().optional().describe('`nextCursor` of the page before; under the same filters');

/** One page of a v2 list; `nextCursor` null: it was the last. */
export const v2Page = <T extends z.ZodType>(item: T) =>
  z.object({ data: z.array(item), nextCursor: z.string().nullable() });

/** A window whose end is before its begin is refused, naming the end (contract B5.3). */
export function refuseInverted(
  context: z.core.$RefinementCtx,
  bounds: readonly (readonly [
    from: number | bigint | undefined,
    to: number | bigint | undefined,
    names: readonly [string, string],
  ])[],
): void {
  for (const [from, to, [fromName, toName]] of bounds) {
    if (from === undefined || to === undefined || from <= to) continue;
    context.addIssue({ code: 'custom', path: [toName], message: `${toName} must not be before ${fromName}` });
  }
}
