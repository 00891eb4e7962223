import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ApiKeyGuard, SessionGuard } from '@tollgate/access';
import type { FastifyRequest } from 'fastify';

/** Lets a key in, or the person signed in where no key was sent: a key that is no good is not made up for by a cookie. */
@Injectable()
export class KeyOrSessionGuard implements CanActivate {
  constructor(
    private readonly keys: ApiKeyGuard,
    private readonly sessions: SessionGuard,
  ) {}

  canActivate(context: ExecutionContext): Promise<boolean> {
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    const bySession = !headers['x-api-key'] && headers.cookie !== undefined;
    return bySession ? this.sessions.canActivate(context) : this.keys.canActivate(context);
  }
}
