import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { SignedIn } from '@tollgate/access';
import { z } from 'zod';
import type { InternalSecret } from './internal-secret.js';

/** How long a pass is taken for the session it stands for, from when the keys service was asked. */
export const PASS_MS = 60_000;
export const PASS_COOKIE = 'tollgate.session_pass';
/** better-auth's cookie, with and without the prefix of secure ones. */
const SESSION_COOKIE = /(?:^|;\s*)((?:__Secure-)?better-auth\.session_token=[^;]*)/;
const PASS = new RegExp(
  `(?:^|;\\s*)${PASS_COOKIE.replace('.', '\\.')}=([A-Za-z0-9_-]{1,4000})\\.([A-Za-z0-9_-]{43})(?:;|$)`,
);

const bodySchema = z.object({
  userId: z.string(),
  email: z.string(),
  name: z.string(),
  session: z.string(),
  untilMs: z.number(),
});

/** The session's own cookie, which a pass is bound to; undefined when nobody can be signed in. */
export function sessionCookieOf(cookieHeader: string | undefined): string | undefined {
  return SESSION_COOKIE.exec(cookieHeader ?? '')?.[1];
}

/**
 * The signed word that a session was live a moment ago: a cookie beside the session's own, good for `PASS_MS`. Every
 * service of the platform can check it by itself (`InternalSecret`), so that the keys service is asked once a minute per
 * session and not with each request. It is worth nothing without the session's cookie, so signing out ends it in that
 * browser; elsewhere a session that ended, a stolen one too, is over when its pass is.
 */
export class SessionPasses {
  constructor(
    private readonly secret: InternalSecret,
    private readonly isSecure: boolean,
  ) {}

  /** The `Set-Cookie` of a pass; undefined when there is no secret to sign it with. `askedAtMs` is from before keys was asked. */
  cookieOf(person: SignedIn, cookieHeader: string, askedAtMs: number): string | undefined {
    const session = sessionCookieOf(cookieHeader);
    const { shown } = this.secret;
    if (session === undefined || shown === undefined) return undefined;
    const { userId, email, name } = person;
    const body = { userId, email, name, session: digestOf(session), untilMs: askedAtMs + PASS_MS };
    const text = Buffer.from(JSON.stringify(body)).toString('base64url');
    const pass = `${PASS_COOKIE}=${text}.${signatureOf(text, shown)}`;
    return `${pass}; Max-Age=${PASS_MS / 1_000}; Path=/; HttpOnly; SameSite=Lax${this.isSecure ? '; Secure' : ''}`;
  }

  /** The person of a pass that is right, in time, and of this very session. */
  read(cookieHeader: string, nowMs: number): SignedIn | undefined {
    const session = sessionCookieOf(cookieHeader);
    const [, text = '', signature = ''] = PASS.exec(cookieHeader) ?? [];
    if (session === undefined || !this.secret.all.some((secret) => isSame(signatureOf(text, secret), signature))) {
      return undefined;
    }
    const body = bodySchema.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    if (!body.success || body.data.session !== digestOf(session)) return undefined;
    const { userId, email, name, untilMs } = body.data;
    // One from a clock that is ahead is good for no longer than one from here.
    if (nowMs >= untilMs || untilMs > nowMs + PASS_MS + CLOCKS_APART_MS) return undefined;
    return { userId, email, name };
  }
}

/** How far the clocks of two services may be apart. */
const CLOCKS_APART_MS = 5_000;

function signatureOf(text: string, secret: string): string {
  return createHmac('sha256', secret).update(`session pass ${text}`).digest('base64url');
}

function digestOf(session: string): string {
  return createHash('sha256').update(session).digest('base64url');
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
