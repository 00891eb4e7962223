import * as crypto from 'node:crypto';
import type { MasterKey } from './seal.js';

/** The shortest pepper, in characters. */
export const pepperLengthMin = 32;

export const pepperLengthMax = 1024;

/** How many master keys or peppers may be in use at once; each pepper costs a digest and a look-up per request. */
export const secretListMax = 16;

/**
 * Reads `MASTER_KEYS`: master keys as 64 hexadecimal characters each (either case), comma-separated, newest first
 * (contract A1 row 5, A5). A key's id is the first 8 hex characters of the SHA-256 of its 32 bytes: the same on every
 * machine, and it does not tell the key. Blanks around an entry are ignored.
 *
 * Throws one Error that names every faulty entry by its place (from 1) and the rule it breaks, never its text: the
 * message may go to a log.
 */
export function parseMasterKeys(text: string): MasterKey[] {
  const entries = entriesOf(text, 'MASTER_KEYS', (entry) =>
    /^[0-9A-Fa-f]{64}$/.test(entry) ? undefined : 'must be 64 hexadecimal characters',
  );
  const masterKeys = entries.map((entry) => masterKeyOf(Buffer.from(entry, 'hex')));
  refuseRepeats(
    masterKeys.map(({ id }) => id),
    'MASTER_KEYS',
  );
  return masterKeys;
}

/**
 * Reads `KEY_PEPPERS`: strings of at least 32 characters, comma-separated, newest first (contract A1 row 5, A5).
 * Blanks around an entry are ignored; a pepper cannot hold a comma.
 *
 * Throws like `parseMasterKeys`: every faulty entry by its place and the rule it breaks, never its text.
 */
export function parsePeppers(text: string): string[] {
  const peppers = entriesOf(text, 'KEY_PEPPERS', (entry) => {
    if (entry.length < pepperLengthMin) return `must be at least ${pepperLengthMin} characters`;
    return entry.length > pepperLengthMax ? `must be at most ${pepperLengthMax} characters` : undefined;
  });
  refuseRepeats(peppers, 'KEY_PEPPERS');
  return peppers;
}

function masterKeyOf(key: Buffer): MasterKey {
  return { id: crypto.hash('sha256', key, 'hex').slice(0, 8), key };
}

function entriesOf(text: string, setting: string, brokenRuleOf: (entry: string) => string | undefined): string[] {
  if (text.trim() === '') throw new Error(`${setting} must have at least one entry`);
  const entries = text.split(',', secretListMax + 1).map((entry) => entry.trim());
  if (entries.length > secretListMax) throw new Error(`${setting} must have at most ${secretListMax} entries`);
  refuse(
    setting,
    entries.map((entry) => (entry === '' ? 'must not be empty' : brokenRuleOf(entry))),
  );
  return entries;
}

/** A repeated secret is a rotation that did not happen; two keys with one id could not be told apart in an envelope. */
function refuseRepeats(values: readonly string[], setting: string): void {
  refuse(
    setting,
    values.map((value, index) => {
      const first = values.indexOf(value);
      return first < index ? `must differ from entry ${first + 1}` : undefined;
    }),
  );
}

function refuse(setting: string, brokenRules: readonly (string | undefined)[]): void {
  const faults = brokenRules.flatMap((rule, index) => (rule === undefined ? [] : [`entry ${index + 1} ${rule}`]));
  if (faults.length > 0) throw new Error(`${setting}: ${faults.join('; ')}`);
}
