import { z } from 'zod';

/** Most characters of a refused value that a message repeats. */
const SHOWN_MAX = 40;

/** What was given and what is allowed. Never for a setting that holds a secret, or an address that may hold one. */
const given = (rule: string) => (issue: { input?: unknown }) => {
  const text = String(issue.input);
  return `is "${text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text}"; it must be ${rule}`;
};

export function wholeNumber(min: number, max: number) {
  const isIn = (text: string) => /^\d{1,15}$/.test(text.trim()) && Number(text) >= min && Number(text) <= max;
  return z
    .string()
    .refine(isIn, { error: given(`a whole number from ${min} to ${max}`) })
    .transform(Number);
}

export function oneOf<const Values extends readonly string[]>(values: Values) {
  const named = values.length === 1 ? values[0] : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
  return z.enum(values, { error: given(named as string) });
}

export function shaped(pattern: RegExp, rule: string) {
  return z.string().regex(pattern, { error: given(rule) });
}

/** An address, without the slashes at its end. Not repeated: it may hold a password. */
export const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
  .transform((text) => text.replace(/\/+$/, ''));

export const secret = (lengthMin: number) => z.string().min(lengthMin, `must have at least ${lengthMin} characters`);
