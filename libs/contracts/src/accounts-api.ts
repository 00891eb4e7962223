import { z } from 'zod';
import { nameSchema } from './names.js';

/** Longest e-mail address, in characters (RFC 5321's path limit). */
export const EMAIL_LENGTH_MAX = 254;
/** Fewest and most characters of a password. */
export const PASSWORD_LENGTH_MIN = 8;
export const PASSWORD_LENGTH_MAX = 128;

/** An e-mail address; compared in lower case, so it is kept in lower case. */
export const emailSchema = z
  .string({ error: 'Email is required' })
  .max(EMAIL_LENGTH_MAX, `Email must be at most ${EMAIL_LENGTH_MAX} characters`)
  .transform((text) => text.trim().toLowerCase())
  .pipe(z.email('Email must be an e-mail address'));

const passwordSchema = z
  .string({ error: 'Password is required' })
  .min(PASSWORD_LENGTH_MIN, `Password must be at least ${PASSWORD_LENGTH_MIN} characters`)
  .max(PASSWORD_LENGTH_MAX, `Password must be at most ${PASSWORD_LENGTH_MAX} characters`);

/** `POST /api/auth/sign-up/email` (contract A2). */
export const signUpBodySchema = z.object({
  name: nameSchema,
  email: emailSchema,
  password: passwordSchema,
  rememberMe: z.boolean().optional(),
});
export type SignUpBody = z.output<typeof signUpBodySchema>;

/** `POST /api/auth/sign-in/email` (contract A2). A short password is a wrong one here, not a bad request. */
export const signInBodySchema = z.object({
  email: emailSchema,
  password: z
    .string({ error: 'Password is required' })
    .min(1, 'Password is required')
    .max(PASSWORD_LENGTH_MAX, `Password must be at most ${PASSWORD_LENGTH_MAX} characters`),
  rememberMe: z.boolean().optional(),
});
export type SignInBody = z.output<typeof signInBodySchema>;

/** The id of the one provider that can be configured. */
export const SIGN_ON_PROVIDER = 'oidc';

/** `POST /api/auth/sign-in/social`: where the provider's page is. A way back to another site would be an open door for fraud. */
export const signInAtProviderBodySchema = z.object({
  provider: z.literal(SIGN_ON_PROVIDER, { error: `provider must be ${SIGN_ON_PROVIDER}` }),
  callbackURL: z
    .string({ error: 'callbackURL must be a path' })
    .max(500, 'callbackURL must be at most 500 characters')
    .regex(/^\/(?![/\\])[^\s\\]*$/, 'callbackURL must be a path of this site')
    .default('/'),
});

export const providerPageAnswerSchema = z.object({ url: z.string(), redirect: z.boolean() });

/** `GET /api/auth/providers`: the ways to sign in. */
export const signInWaysSchema = z.object({
  password: z.boolean(),
  signUp: z.enum(['open', 'closed']),
  providers: z.array(z.object({ id: z.literal(SIGN_ON_PROVIDER), name: z.string() })),
});

/** `GET /api/auth/callback/oidc`, as the provider sends people back: to the page they came from, or to `/sign-in?error=`. */
export const providerCallbackQuerySchema = z.object({
  code: z.string().max(4_096).optional(),
  state: z.string().max(1_000).optional(),
  error: z.string().max(200).optional(),
});

/** `GET /api/auth/get-session`: with `disableRefresh=true` the session is not renewed, for whoever cannot keep its cookie. */
export const sessionQuerySchema = z.object({ disableRefresh: z.enum(['true', 'false']).optional() });

export const accountSchema = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  emailVerified: z.boolean(),
  image: z.string().nullish(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});

export const signedInAnswerSchema = z.object({ token: z.string().nullable(), user: accountSchema });

/** `GET /api/auth/get-session`: null without a live session. */
export const sessionAnswerSchema = z
  .object({
    session: z.object({ id: z.string(), userId: z.string(), expiresAt: z.iso.datetime(), createdAt: z.iso.datetime() }),
    user: accountSchema,
  })
  .nullable();
