import { z } from 'zod';
import { httpUrl } from './config-rules.js';

/** A provider to sign in at, by OpenID Connect (contract A2). */
export const signOnSettings = {
  OIDC_ISSUER: httpUrl.optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_NAME: z.string().max(50, 'must have at most 50 characters').default('Single sign-on'),
};

const NEEDED = ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'] as const;
const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/;

/** A provider is configured as a whole or not at all, and reached in a way that nobody can listen to. */
export function signOnFaults(settings: Partial<Record<(typeof NEEDED)[number], string | undefined>>): string[] {
  const missing = NEEDED.filter((name) => settings[name] === undefined);
  if (missing.length === NEEDED.length) return [];
  const { OIDC_ISSUER: given } = settings;
  const isOpen = given?.startsWith('http:') && !LOOPBACK.test(given);
  return [
    ...missing.map((name) => `${name}: is required, since other OIDC_ settings are given`),
    ...(isOpen ? ['OIDC_ISSUER: must be https, except on this machine'] : []),
  ];
}
