import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { AccessSettings, crossSiteFault, PublicRoute } from '@tollgate/access';
import { Problem, signInBodySchema, signUpBodySchema } from '@tollgate/contracts';
import { check, Config } from '@tollgate/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendAuthAnswer, type AuthAnswer } from './auth-answer.js';
import { AuthRequests } from './auth-requests.js';
import { LocalSessions } from './local-sessions.js';
import { PersonBook, type Account } from './person-book.js';
import { RegisterPerson } from './register-person.js';
import { SignInLimits } from './sign-in-limits.js';

/**
 * better-auth's own routes (contract A2), only those that are meant to be served. Each is checked here first: where the
 * call comes from, its body, how often it is tried.
 */
@Controller('api/auth')
@PublicRoute()
export class AuthController {
  private readonly publicOrigin: string;

  constructor(
    private readonly requests: AuthRequests,
    private readonly limits: SignInLimits,
    private readonly sessions: LocalSessions,
    private readonly people: PersonBook,
    private readonly commands: CommandBus,
    private readonly config: Config,
    settings: AccessSettings,
  ) {
    this.publicOrigin = new URL(settings.publicUrl).origin;
  }

  @Post('sign-up/email')
  async signUp(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Body() body: unknown): Promise<void> {
    this.refuseCrossSite(request);
    if (this.config.SIGN_UP === 'closed') {
      throw new Problem('forbidden', { text: 'Sign-up is closed. Ask the operator of this server for an account.' });
    }
    const wish = check(signUpBodySchema, body);
    const answer = await this.requests.send(request, '/sign-up/email', wish);
    if (answer.status >= 400) await this.nameLostRace(answer, wish.email);
    const account = accountIn(answer);
    if (account) await this.commands.execute(new RegisterPerson(account));
    sendAuthAnswer(answer, reply);
  }

  @Post('sign-in/email')
  async signIn(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Body() body: unknown): Promise<void> {
    this.refuseCrossSite(request);
    this.limits.countTry(request.ip);
    const attempt = check(signInBodySchema, body);
    const answer = await this.limits.attempt(
      attempt.email,
      () => this.requests.send(request, '/sign-in/email', attempt),
      ({ status }) => status === 401,
    );
    sendAuthAnswer(answer, reply);
  }

  @Post('sign-out')
  async signOut(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.refuseCrossSite(request);
    sendAuthAnswer(await this.requests.send(request, '/sign-out', {}), reply);
  }

  @Get('get-session')
  async session(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const answer = await this.requests.send(request, '/get-session');
    const account = accountIn(answer);
    if (account && (await this.sessions.isSuspended(account))) {
      sendAuthAnswer({ ...answer, body: null, cookies: [] }, reply);
      return;
    }
    sendAuthAnswer(answer, reply);
  }

  private refuseCrossSite(request: FastifyRequest): void {
    const fault = crossSiteFault(request, this.publicOrigin);
    if (fault) throw new Problem(fault);
  }

  /** Of two sign-ups with one address at once, better-auth tells the later only that it failed: say what it was. */
  private async nameLostRace(answer: AuthAnswer, email: string): Promise<void> {
    const body = answer.body as { code?: string } | null;
    if (body?.code !== 'FAILED_TO_CREATE_USER') return;
    if (!(await this.people.accountOf(email))) throw new Problem('unavailable', { retryAfterSeconds: 5 });
    answer.body = {
      code: 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL',
      message: 'User already exists. Use another email.',
    };
  }
}

/** The account in a good answer of sign-up or get-session. */
function accountIn({ status, body }: AuthAnswer): Account | undefined {
  if (status !== 200) return undefined;
  const { user } = (body ?? {}) as { user?: { id: string; email: string; name: string; emailVerified: boolean } };
  return user && { userId: user.id, email: user.email, name: user.name, emailVerified: user.emailVerified };
}
