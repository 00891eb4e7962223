import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { AdminKeyGuard, requestOf, ROUTE_AUTH, SessionGuard } from '@tollgate/access';

/** Lets in the operator, who sends `x-admin-key`, or else a signed-in person (contract A3, reconciliation). */
@Injectable()
export class PayerOrOperatorGuard implements CanActivate {
  constructor(
    private readonly operator: AdminKeyGuard,
    private readonly sessions: SessionGuard,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (requestOf(context).headers['x-admin-key'] !== undefined) return this.operator.canActivate(context);
    return this.sessions.canActivate(context);
  }
}

/** The operator, or a signed-in person. */
export function PayerOrOperatorRoute(): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(ROUTE_AUTH, 'session'), UseGuards(PayerOrOperatorGuard));
}
