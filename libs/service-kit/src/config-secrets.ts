import { z } from 'zod';
import { secret } from './config-rules.js';

/** Shapes of the secret settings. A message never repeats the value. */
export const secretSettings = {
  MASTER_KEYS: z
    .string()
    .regex(
      /^[0-9a-fA-F]{64}(\s*,\s*[0-9a-fA-F]{64})*$/,
      'must be one or more comma-separated keys of 64 hex characters each, newest first',
    )
    .optional(),
  KEY_PEPPERS: z
    .string()
    .refine(
      (text) => text.split(',').every((part) => part.trim().length >= 32),
      'must be one or more comma-separated secrets of at least 32 characters each, newest first',
    )
    .optional(),
  AUTH_SECRET: secret(32).optional(),
};
