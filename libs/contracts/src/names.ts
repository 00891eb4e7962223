import { z } from 'zod';
import { hasHiddenCharacters } from './hidden-characters.js';

/** Longest name of a key, workspace, workflow or person, in characters after NFC (contract A1 row 12). */
export const NAME_LENGTH_MAX = 100;

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * A name as contract A1 row 12 wants it: trimmed, NFC, 1 to 100 characters, no control characters, those of text direction
 * and invisible ones included: two names that look alike must be alike.
 */
export const nameSchema = z
  .string({ error: 'Name is required' })
  .transform((text) => text.normalize('NFC').trim())
  .pipe(
    z
      .string()
      .min(1, 'Name is required')
      .refine((text) => [...text].length <= NAME_LENGTH_MAX, `Name must be at most ${NAME_LENGTH_MAX} characters`)
      .refine((text) => !CONTROL.test(text) && text.isWellFormed(), 'Name must not contain control characters')
      .refine((text) => !hasHiddenCharacters(text), 'Name must not contain invisible or text-direction characters'),
  );
