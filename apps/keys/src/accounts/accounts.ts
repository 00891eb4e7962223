import { Injectable } from '@nestjs/common';
import { newId } from '@tollgate/api-key';
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, Problem } from '@tollgate/contracts';
import { Config } from '@tollgate/service-kit';
import { betterAuth } from 'better-auth';
import type { Pool } from 'pg';
import { KeysDatabase } from '../keys-database.js';
import { SIGN_IN_PAGE, singleSignOn } from './single-sign-on.js';

const SESSION_SECONDS = 7 * 24 * 60 * 60;
const SESSION_RENEWED_SECONDS = 24 * 60 * 60;
export const ACCOUNTS_PATH = '/api/auth';

/**
 * better-auth on this service's database: passwords, sessions, cookies (contract A2). Its own origin checks are off
 * because every route here makes the contract's (`crossSiteFault`), which also lets a client without a browser in.
 */
@Injectable()
export class Accounts {
  readonly auth: ReturnType<typeof authOf>;

  constructor(config: Config, database: KeysDatabase) {
    outliveLostConnections(database.pool);
    this.auth = authOf(config, database);
  }

  /**
   * Hands a request to better-auth. `body` is checked already. Rejects with a 503 Problem when better-auth itself fails,
   * which it does only when its database does.
   */
  async handle(request: {
    method: 'GET' | 'POST';
    path: string;
    headers: Record<string, string | undefined>;
    body?: unknown;
  }): Promise<Response> {
    const headers = new Headers();
    for (const name of ['cookie', 'user-agent', 'accept']) {
      const value = request.headers[name];
      if (value !== undefined) headers.set(name, value);
    }
    const hasBody = request.body !== undefined;
    if (hasBody) headers.set('content-type', 'application/json');
    const asked = new Request(`http://accounts.invalid${request.path}`, {
      method: request.method,
      headers,
      ...(hasBody && { body: JSON.stringify(request.body) }),
    });
    return this.auth.handler(asked).catch((cause: unknown) => {
      throw new Problem('unavailable', { retryAfterSeconds: 5, cause });
    });
  }
}

/**
 * better-auth borrows connections without listening for their loss, and a loss that nobody listens for ends the process.
 * Whoever waits for an answer on a lost connection is told by the query itself.
 */
function outliveLostConnections(pool: Pool): void {
  const ignore = () => undefined;
  pool.on('acquire', (client) => {
    if (!client.listeners('error').includes(ignore)) client.on('error', ignore);
  });
}

function withoutTokens<T extends object>(account: T) {
  return Promise.resolve({ data: { ...account, accessToken: null, refreshToken: null, idToken: null } });
}

function authOf(config: Config, database: KeysDatabase) {
  const isSecure = config.publicUrl.startsWith('https:');
  return betterAuth({
    appName: 'Tollgate',
    database: database.pool,
    secret: config.AUTH_SECRET as string,
    baseURL: config.publicUrl,
    basePath: ACCOUNTS_PATH,
    emailAndPassword: {
      enabled: true,
      minPasswordLength: PASSWORD_LENGTH_MIN,
      maxPasswordLength: PASSWORD_LENGTH_MAX,
      disableSignUp: config.SIGN_UP === 'closed',
    },
    session: { expiresIn: SESSION_SECONDS, updateAge: SESSION_RENEWED_SECONDS },
    plugins: singleSignOn(config),
    account: { updateAccountOnSignIn: false },
    // Tokens of the provider are of no use here once it has said who it is: none is kept.
    databaseHooks: { account: { create: { before: withoutTokens } } },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
    // Else it prints what failed to the console, past the log and with values of rows in it.
    onAPIError: { throw: true, errorURL: SIGN_IN_PAGE },
    advanced: {
      useSecureCookies: isSecure,
      disableCSRFCheck: true,
      disableOriginCheck: true,
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', path: '/' },
      database: { generateId: () => newId() },
    },
  });
}
