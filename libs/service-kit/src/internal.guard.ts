import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { ROUTE_AUTH } from '@tollgate/access';
import { Problem } from '@tollgate/contracts';
import type { FastifyRequest } from 'fastify';
import { INTERNAL_HEADER, InternalSecret } from './internal-secret.js';

/** Lets in who shows the secret that the services of one platform share; to anybody else the route is not there. */
@Injectable()
export class InternalGuard implements CanActivate {
  constructor(private readonly secret: InternalSecret) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!this.secret.isRight(headers[INTERNAL_HEADER])) throw new Problem('notFound');
    return true;
  }
}

/** A route for other services of the platform alone. */
export const InternalRoute = () => applyDecorators(SetMetadata(ROUTE_AUTH, 'internal'), UseGuards(InternalGuard));
