import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import {
  KeyAuthenticator,
  keyProblem,
  requestOf,
  ROUTE_AUTH,
  SessionGuard,
  unavailableProblem,
} from '@tollgate/access';
import { Problem } from '@tollgate/contracts';

/**
 * Lets in who has a usable key or, without any key, a session (contract B4, `authType`). A key that was sent decides:
 * a wrong one is refused whatever cookie came with it.
 */
@Injectable()
export class KeyOrSessionGuard implements CanActivate {
  constructor(
    private readonly authenticator: KeyAuthenticator,
    private readonly sessions: SessionGuard,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = requestOf(context);
    try {
      const caller = await this.authenticator.authenticate(request.headers['x-api-key']);
      if (caller.kind === 'invalid') throw keyProblem(caller, 'usageLimits');
      if (caller.kind === 'missing') return await this.hasSession(context);
      request.caller = caller;
      return true;
    } catch (error) {
      throw unavailableProblem(error);
    }
  }

  private async hasSession(context: ExecutionContext): Promise<boolean> {
    try {
      return await this.sessions.canActivate(context);
    } catch (error) {
      const signedOut = error instanceof Problem && error.status === 401;
      throw signedOut ? keyProblem({ kind: 'missing' }, 'usageLimits') : error;
    }
  }
}

/** A usable `X-API-Key`, or else a signed-in person. */
export function KeyOrSessionRoute(): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(ROUTE_AUTH, 'api-key'), UseGuards(KeyOrSessionGuard));
}
