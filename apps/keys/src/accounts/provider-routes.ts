import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { HttpAdapterHost } from '@nestjs/core';
import { AccessSettings, crossSiteFault } from '@tollgate/access';
import {
  Problem,
  providerCallbackQuerySchema,
  SIGN_ON_PROVIDER,
  signInAtProviderBodySchema,
  type signInWaysSchema,
} from '@tollgate/contracts';
import { check, Config } from '@tollgate/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Accounts, ACCOUNTS_PATH } from './accounts.js';
import { partsOf, passOn } from './accounts-routes.js';
import { PersonBook } from './person-book.js';
import { RegisterPerson } from './register-person.js';
import { SignInLimits } from './sign-in-limits.js';
import { hasSingleSignOn, SIGN_IN_PAGE } from './single-sign-on.js';

/** Sign-in at the configured provider, by better-auth's own routes (contract A2); without one they answer 404. */
@Injectable()
export class ProviderRoutes implements OnModuleInit {
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
    fastify.get(`${ACCOUNTS_PATH}/providers`, () => this.ways());
    fastify.post(`${ACCOUNTS_PATH}/sign-in/social`, (request, reply) => this.begin(request, reply));
    fastify.get(`${ACCOUNTS_PATH}/callback/${SIGN_ON_PROVIDER}`, (request, reply) => this.comeBack(request, reply));
  }

  private ways(): z.infer<typeof signInWaysSchema> {
    const { OIDC_NAME: name, SIGN_UP: signUp } = this.config;
    return { password: true, signUp, providers: hasSingleSignOn(this.config) ? [{ id: SIGN_ON_PROVIDER, name }] : [] };
  }

  private async begin(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const fault = crossSiteFault(request, this.publicOrigin);
    if (fault) throw new Problem(fault);
    this.limits.countTry(request.ip);
    this.mustBeConfigured();
    const body = check(signInAtProviderBodySchema, request.body);
    const asked = { ...body, errorCallbackURL: SIGN_IN_PAGE };
    return passOn(await this.accounts.handle({ ...partsOf(request), body: asked }), reply);
  }

  /** Whoever comes back has a session or a reason, and is sent on with it; a suspended person gets no session. */
  private async comeBack(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    this.mustBeConfigured();
    this.limits.countTry(request.ip);
    const query = new URLSearchParams(Object.entries(check(providerCallbackQuerySchema, request.query)));
    const parts = partsOf(request);
    const response = await this.accounts.handle({ ...parts, path: `${parts.path}?${query.toString()}` });
    const to = response.headers.get('location');
    if (to === null) throw new Problem('unavailable', { retryAfterSeconds: 5, cause: new Error('no way back') });
    void reply.header('cache-control', 'no-store');
    const cookies = response.headers.getSetCookie();
    const suspended = await this.registerOrEnd(cookies);
    if (suspended) return reply.redirect(`${SIGN_IN_PAGE}?error=account_suspended`, 302);
    for (const cookie of cookies) void reply.header('set-cookie', cookie);
    return reply.redirect(to, 302);
  }

  /** Makes a new account a person at once; true when the person is suspended, whose session is ended then. */
  private async registerOrEnd(cookies: readonly string[]): Promise<boolean> {
    const headers = new Headers({ cookie: cookies.map((line) => line.split(';', 1)[0]).join('; ') });
    const session = await this.accounts.auth.api.getSession({ headers, query: { disableRefresh: true } });
    if (!session) return false;
    const { id: userId, email, name, emailVerified } = session.user;
    const known = await this.people.suspension(userId);
    if (!known) await this.commands.execute(new RegisterPerson({ userId, email, name, emailVerified }));
    if (known?.suspended) await this.accounts.auth.api.signOut({ headers });
    return known?.suspended ?? false;
  }

  private mustBeConfigured(): void {
    if (!hasSingleSignOn(this.config))
      throw new Problem('notFound', { text: 'No provider to sign in at is configured' });
  }
}
