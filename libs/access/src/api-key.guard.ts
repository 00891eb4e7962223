import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Plan } from '@tollgate/contracts';
import { Directory } from './directory.js';
import { replyOf, requestOf } from './guarded-request.js';
import type { GuardedRequest } from './guarded-request.js';
import { KeyAuthenticator } from './key-authenticator.js';
import type { Caller } from './key-authenticator.js';
import { Quota } from './quota.js';
import { apiRateProblem, rateHeaders } from './rate-headers.js';
import { keyProblem, unavailableProblem } from './refusals.js';
import { API_KEY_ROUTE } from './route-marks.js';
import type { ApiKeyRouteOptions } from './route-marks.js';

/**
 * Lets a request in that carries a usable `X-API-Key`, and leaves the caller on it (contract B2). Whether the caller may
 * do the thing in the workspace is the handler's question (`decideWorkspaceAccess`). With `rated` it takes a token of the
 * caller's `api` bucket and sets the rate headers (contract B4, A6 "Who a W is").
 *
 * For the routes of Nest; the hot execute route calls `KeyAuthenticator` and `Admission` from a Fastify hook instead.
 */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: KeyAuthenticator,
    private readonly directory: Directory,
    private readonly quota: Quota,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const options = this.reflector.getAllAndOverride<ApiKeyRouteOptions | undefined>(API_KEY_ROUTE, [
      context.getHandler(),
      context.getClass(),
    ]);
    const request = requestOf(context);
    try {
      const caller = await this.authenticator.authenticate(request.headers['x-api-key']);
      if (caller.kind !== 'key') throw keyProblem(caller, options?.surface ?? 'logs');
      request.caller = caller;
      if (options?.rated) await this.takeToken(context, request, caller);
    } catch (error) {
      throw unavailableProblem(error);
    }
    return true;
  }

  /** A personal key draws from its owner's bucket, a workspace key from its workspace's, which has its payer's plan. */
  private async takeToken(context: ExecutionContext, request: GuardedRequest, caller: Caller): Promise<void> {
    const { rate, allowed, retryAfterSeconds } = await this.quota.take({
      bucket: 'api',
      bucketId: apiBucketIdOf(caller),
      plan: await this.planOf(caller),
      nowMs: Date.now(),
    });
    if (rate === null) return;
    const path = request.url;
    if (!allowed) throw apiRateProblem(rate, retryAfterSeconds, path);
    const reply = replyOf(context);
    for (const [name, value] of Object.entries(rateHeaders(rate, path))) reply.header(name, value);
  }

  private async planOf(caller: Caller): Promise<Plan> {
    const workspace =
      caller.workspaceId === null ? undefined : await this.directory.read('workspace', caller.workspaceId);
    const payerUserId = caller.ownerId ?? workspace?.billedAccountUserId;
    const payer = payerUserId === undefined ? undefined : await this.directory.read('user', payerUserId);
    return payer?.plan ?? 'free';
  }
}

/** The `sync` and `async` bucket that a payer's runs draw from; gateway, billing and logs must agree on it. */
export function runBucketIdOf(payerUserId: string): string {
  return payerUserId;
}

/** Whose `api` bucket a key draws from: its owner's or its workspace's (contract A6). */
export function apiBucketIdOf(caller: Caller): string {
  return caller.keyKind === 'workspace' ? `workspace:${caller.workspaceId}` : `user:${caller.ownerId}`;
}
