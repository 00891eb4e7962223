import { legacyKeyPrefix } from './parse.js';

const shownLength = 4;

/** At least so many characters stay hidden. */
const hiddenLengthMin = 4;

/** What stands for a key of which nothing may be shown (contract B1 "Display form"). */
export const hiddenKey = '****';

/**
 * The form of a key for lists: `<prefix>...` and its last 4 characters, `sim_...` for a legacy key, else `...` and the
 * last 4 (contract A6 "Key checksum", B1 "Display form"). Shows only characters of the checksum for keys that Tollgate minted.
 *
 * Never throws; a text so short that this would show more than half of it is `****`.
 */
export function displayKey(text: string, prefix: string): string {
  const shown = [prefix, legacyKeyPrefix].find((known) => text.startsWith(known)) ?? '';
  if (text.length - shown.length < shownLength + hiddenLengthMin) return hiddenKey;
  return `${shown}...${text.slice(-shownLength)}`;
}
