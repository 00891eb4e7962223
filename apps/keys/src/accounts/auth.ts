import type { Provider } from '@nestjs/common';
import { newId } from '@tollgate/api-key';
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, PROBLEMS } from '@tollgate/contracts';
import { Config, faultOf, Log } from '@tollgate/service-kit';
import { betterAuth } from 'better-auth';
import { APIError, isAPIError } from 'better-auth/api';
import { KeysDatabase } from '../keys-database.js';
import { PersonBook } from './person-book.js';

export const SESSION_DAYS = 7;
const DAY_S = 24 * 60 * 60;

/** Accounts, passwords and sessions, by better-auth; the class is only its Nest token. */
export abstract class Auth {
  /** Answers one of better-auth's own routes. */
  abstract readonly handler: AuthEngine['handler'];
  abstract readonly api: AuthEngine['api'];
}

export const auth: Provider = {
  provide: Auth,
  inject: [KeysDatabase, PersonBook, Config, Log],
  useFactory: makeAuth,
};

type AuthEngine = ReturnType<typeof makeAuth>;

/**
 * Who may call from where, and how often, is decided before a request comes here (`auth.controller.ts`): better-auth's
 * own check would refuse a client without a browser, which contract A6 lets in, and its counters are not ours.
 */
function makeAuth(database: KeysDatabase, people: PersonBook, config: Config, log: Log) {
  return betterAuth({
    appName: 'Tollgate',
    database: database.pool,
    secret: config.AUTH_SECRET as string,
    baseURL: config.publicUrl,
    basePath: '/api/auth',
    trustedOrigins: [new URL(config.publicUrl).origin],
    emailAndPassword: {
      enabled: true,
      minPasswordLength: PASSWORD_LENGTH_MIN,
      maxPasswordLength: PASSWORD_LENGTH_MAX,
    },
    session: { expiresIn: SESSION_DAYS * DAY_S, updateAge: DAY_S, cookieCache: { enabled: false } },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    // Its messages carry addresses of people; what matters comes by `onError`.
    logger: { disabled: true },
    onAPIError: {
      onError: (error) => {
        if (!isAPIError(error)) log.error('accounts: a request failed', { fault: faultOf(error) });
      },
    },
    advanced: {
      useSecureCookies: config.publicUrl.startsWith('https:'),
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', path: '/' },
      disableCSRFCheck: true,
      ipAddress: { disableIpTracking: true },
      database: { generateId: () => newId() },
    },
    databaseHooks: {
      session: { create: { before: async (session) => refuseSuspended(await people.suspension(session.userId)) } },
    },
  });
}

/** A suspended person gets no session, and is told so only with the right password. */
function refuseSuspended(person: { suspended: boolean } | undefined): void {
  if (!person?.suspended) return;
  const { code, text } = PROBLEMS.suspended;
  throw new APIError('FORBIDDEN', { code, message: text });
}
