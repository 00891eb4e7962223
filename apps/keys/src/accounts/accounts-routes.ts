import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { HttpAdapterHost } from '@nestjs/core';
import { AccessSettings, crossSiteFault } from '@tollgate/access';
import { Problem, type ProblemKind, sessionQuerySchema, signInBodySchema, signUpBodySchema } from '@tollgate/contracts';
import { check, Config } from '@tollgate/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Accounts, ACCOUNTS_PATH } from './accounts.js';
import { PersonBook } from './person-book.js';
import { RegisterPerson } from './register-person.js';
import { SignInLimits } from './sign-in-limits.js';

/**
 * better-auth's own routes (contract A2), each by name: what it could serve beyond them is not there. Bodies are checked
 * before it sees them, its refusals leave in the contract's shape, and a guesser is held back.
 */
@Injectable()
export class AccountsRoutes implements OnModuleInit {
  private readonly publicOrigin: string;

  constructor(
    private readonly server: HttpAdapterHost,
    private readonly accounts: Accounts,
    private readonly limits: SignInLimits,
    private readonly people: PersonBook,
    private readonly commands: CommandBus,
    private readonly config: Config,
    settings: AccessSettings,
  ) {
    this.publicOrigin = new URL(settings.publicUrl).origin;
  }

  onModuleInit(): void {
    const fastify = this.server.httpAdapter.getInstance<FastifyInstance>();
    const options = { onRequest: this.refuseCrossSite };
    fastify.post(`${ACCOUNTS_PATH}/sign-up/email`, options, (request, reply) => this.signUp(request, reply));
    fastify.post(`${ACCOUNTS_PATH}/sign-in/email`, options, (request, reply) => this.signIn(request, reply));
    fastify.post(`${ACCOUNTS_PATH}/sign-out`, options, (request, reply) => this.signOut(request, reply));
    fastify.get(`${ACCOUNTS_PATH}/get-session`, (request, reply) => this.session(request, reply));
  }

  private readonly refuseCrossSite = (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void) => {
    const fault = crossSiteFault(request, this.publicOrigin);
    done(fault && new Problem(fault));
  };

  private async signUp(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    // Apart from sign-ins, which have all of their tries for themselves (contract A6).
    this.limits.countTry(`sign-up ${request.ip}`);
    if (this.config.SIGN_UP === 'closed') {
      throw new Problem('forbidden', { text: 'Sign-up is closed. Ask the operator for an account.' });
    }
    const body = check(signUpBodySchema, request.body);
    const response = await this.accounts.handle({ ...partsOf(request), body });
    if (response.ok) await this.register(body.email);
    else if (response.status === 422) await this.refuseLostRace(response, body.email);
    return passOn(response, reply);
  }

  private async signIn(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    this.limits.countTry(request.ip);
    const body = check(signInBodySchema, request.body);
    const response = await this.limits.attempt(
      body.email,
      () => this.accounts.handle({ ...partsOf(request), body }),
      (answer) => answer.status === 401,
    );
    if (response.ok) await this.refuseSuspended(body.email);
    return passOn(response, reply);
  }

  private async signOut(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    return passOn(await this.accounts.handle({ ...partsOf(request), body: {} }), reply);
  }

  private async session(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { disableRefresh } = check(sessionQuerySchema, request.query);
    const parts = partsOf(request);
    const path = disableRefresh === 'true' ? `${parts.path}?disableRefresh=true` : parts.path;
    return passOn(await this.accounts.handle({ ...parts, path }), reply);
  }

  private async register(email: string): Promise<void> {
    const account = await this.people.accountOf(email);
    if (account) await this.commands.execute(new RegisterPerson(account));
  }

  /** Of two sign-ups with one address at once, better-auth tells the later only that it failed: say what it was. */
  private async refuseLostRace(response: Response, email: string): Promise<void> {
    const { code } = (await response.clone().json()) as { code?: string };
    if (code !== 'FAILED_TO_CREATE_USER') return;
    if (!(await this.people.accountOf(email))) throw accountsUnavailable(response.status);
    const text = 'User already exists. Use another email.';
    throw new Problem('conflict', { text, code: 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL', body: { message: text } });
  }

  /** A suspended person gets no session: whoever has the right password is told why. */
  private async refuseSuspended(email: string): Promise<void> {
    const account = await this.people.accountOf(email);
    if (!account) return;
    const known = await this.people.suspension(account.userId);
    if (!known) await this.commands.execute(new RegisterPerson(account));
    if (known?.suspended) throw new Problem('suspended');
  }
}

export function partsOf(request: FastifyRequest) {
  return {
    method: request.method as 'GET' | 'POST',
    path: request.url.split('?', 1)[0] ?? request.url,
    headers: request.headers as Record<string, string | undefined>,
  };
}

/** better-auth fails only when its database does. */
const accountsUnavailable = (status: number) =>
  new Problem('unavailable', { retryAfterSeconds: 5, cause: new Error(`better-auth answered ${status}`) });

const KINDS: Record<number, ProblemKind> = {
  400: 'badRequest',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'notFound',
  409: 'conflict',
  422: 'conflict',
  429: 'rateLimited',
};

/** better-auth's answer with its cookies; a refusal in the contract's shape, its own code and message beside it. */
export async function passOn(response: Response, reply: FastifyReply): Promise<FastifyReply> {
  if (response.status >= 500) throw accountsUnavailable(response.status);
  const text = await response.text();
  if (!response.ok) {
    const { message, code } = (text === '' ? {} : JSON.parse(text)) as { message?: string; code?: string };
    const kind = KINDS[response.status];
    if (!kind) throw new Error(`better-auth answered ${response.status}`);
    throw new Problem(kind, {
      ...(message !== undefined && { text: message, body: { message } }),
      ...(code !== undefined && { code }),
    });
  }
  for (const cookie of response.headers.getSetCookie()) void reply.header('set-cookie', cookie);
  return reply
    .status(response.status)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(text === '' ? 'null' : text);
}
