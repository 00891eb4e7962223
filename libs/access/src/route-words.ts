import { SetMetadata, UseGuards, applyDecorators, createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { RouteAuth } from '@tollgate/contracts';
import { AdminKeyGuard } from './admin-key.guard.js';
import { ApiKeyGuard } from './api-key.guard.js';
import { requestOf } from './guarded-request.js';
import type { Caller } from './key-authenticator.js';
import type { KeySurface } from './refusals.js';
import { API_KEY_ROUTE, ROUTE_AUTH } from './route-marks.js';
import type { ApiKeyRouteOptions } from './route-marks.js';
import { SessionGuard } from './session.guard.js';
import type { SignedIn } from './sessions.js';

/** The one visible word of each route or controller that says who may call (house rule 13). `ROUTE_AUTH` tells it to tests. */
const word = (auth: RouteAuth) => SetMetadata(ROUTE_AUTH, auth);

/** The routes of `/api/v1/*` and `/api/v2/*` that draw from the `api` bucket; the others have their own or none (contract B4). */
const RATED: ReadonlySet<KeySurface> = new Set(['logs', 'logDetail', 'executionDetail', 'v2']);

/** A usable `X-API-Key`. Refused in the words of `surface`, which also says whether a token is taken. */
export function ApiKeyRoute(surface: KeySurface = 'logs'): MethodDecorator & ClassDecorator {
  const options: ApiKeyRouteOptions = { surface, rated: RATED.has(surface) };
  return applyDecorators(word('api-key'), SetMetadata(API_KEY_ROUTE, options), UseGuards(ApiKeyGuard));
}

/** A signed-in person, from our own pages when something changes. */
export function SessionRoute(): MethodDecorator & ClassDecorator {
  return applyDecorators(word('session'), UseGuards(SessionGuard));
}

/** The operator. */
export function AdminRoute(): MethodDecorator & ClassDecorator {
  return applyDecorators(word('admin-key'), UseGuards(AdminKeyGuard));
}

/** Anybody. */
export function PublicRoute(): MethodDecorator & ClassDecorator {
  return applyDecorators(word('none'));
}

/** The key's caller on an `@ApiKeyRoute()`. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = requestOf(context);
  if (!caller) throw new Error('@CurrentCaller() stands on a route without @ApiKeyRoute()');
  return caller;
});

/** The person on a `@SessionRoute()`. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): SignedIn => {
  const { signedIn } = requestOf(context);
  if (!signedIn) throw new Error('@CurrentUser() stands on a route without @SessionRoute()');
  return signedIn;
});
