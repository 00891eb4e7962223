import { Injectable } from '@nestjs/common';
import { Problem } from '@tollgate/contracts';
import { Config } from '@tollgate/service-kit';
import type { FastifyRequest } from 'fastify';
import type { AuthAnswer } from './auth-answer.js';
import { Auth } from './auth.js';

const USER_AGENT_LENGTH_MAX = 300;
const RETRY_SECONDS = 5;

/** Asks better-auth in its own words: a web request made of the checked body and the few headers that it needs. */
@Injectable()
export class AuthRequests {
  constructor(
    private readonly auth: Auth,
    private readonly config: Config,
  ) {}

  /** Rejects with a 503 Problem when better-auth fails (its database cannot be reached). */
  async send(request: FastifyRequest, path: string, body?: object): Promise<AuthAnswer> {
    const response = await this.auth.handler(
      new Request(`${this.config.publicUrl}/api/auth${path}`, {
        method: body ? 'POST' : 'GET',
        headers: headersOf(request, body !== undefined),
        ...(body && { body: JSON.stringify(body) }),
      }),
    );
    if (response.status >= 500) throw new Problem('unavailable', { retryAfterSeconds: RETRY_SECONDS });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? null : JSON.parse(text),
      cookies: response.headers.getSetCookie(),
    };
  }
}

function headersOf(request: FastifyRequest, hasBody: boolean): Headers {
  const headers = new Headers();
  if (hasBody) headers.set('content-type', 'application/json');
  const { cookie, 'user-agent': userAgent } = request.headers;
  try {
    if (cookie) headers.set('cookie', cookie);
    if (userAgent) headers.set('user-agent', userAgent.slice(0, USER_AGENT_LENGTH_MAX));
  } catch {
    // Bytes that no header may have: as good as none.
  }
  return headers;
}
