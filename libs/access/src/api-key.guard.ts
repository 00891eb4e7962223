import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Plan, Problem } from '@tollgate/contracts';
import { Directory } from './directory.js';
import { replyOf, requestOf } from './guarded-request.js';
import { KeyAuthenticator } from './key-authenticator.js';
import type { Caller } from './key-authenticator.js';
import { Quota, type TakeAnswer, type TakeRequest } from './quota.js';
import { apiRateProblem, rateHeaders } from './rate-headers.js';
import { isV2Surface, type KeySurface, UNAVAILABLE_RETRY_AFTER_SECONDS, unavailableProblem } from './refusals.js';
import { RefusedCalls } from './refused-calls.js';
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
    private readonly refusedCalls: RefusedCalls,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const options = this.reflector.getAllAndOverride<ApiKeyRouteOptions | undefined>(API_KEY_ROUTE, [
      context.getHandler(),
      context.getClass(),
    ]);
    const request = requestOf(context);
    try {
      const caller = await this.authenticator.authenticate(request.headers['x-api-key']);
      const surface = options?.surface ?? 'logs';
      if (caller.kind !== 'key') throw await this.refusedCalls.problemOf(caller, surface, request, Date.now());
      request.caller = caller;
      if (options?.rated) await this.takeToken(context, caller, surface);
    } catch (error) {
      throw unavailableProblem(error);
    }
    return true;
  }

  /**
   * In v1 a personal key draws from its owner's bucket, a workspace key from its workspace's; in v2 from its own as well.
   * The plan is the payer's. Without the counters v1 goes on unlimited, v2 is refused (contract B2 "Infrastructure failure").
   */
  private async takeToken(context: ExecutionContext, caller: Caller, surface: KeySurface): Promise<void> {
    const v2 = isV2Surface(surface);
    const shared = apiBucketIdOf(caller);
    const take: TakeRequest = {
      bucket: 'api',
      bucketIds: v2 ? [`key:${caller.keyId}`, shared] : [shared],
      plan: await this.planOf(caller),
      nowMs: Date.now(),
    };
    const { rate, allowed, retryAfterSeconds } = await this.taken(take, v2);
    if (rate === null) return;
    const path = requestOf(context).url;
    if (!allowed) throw apiRateProblem(rate, retryAfterSeconds, path);
    const reply = replyOf(context);
    for (const [name, value] of Object.entries(rateHeaders(rate, path))) reply.header(name, value);
  }

  private async taken(take: TakeRequest, failsClosed: boolean): Promise<TakeAnswer> {
    try {
      return await this.quota.take(take);
    } catch (cause) {
      if (failsClosed) throw new Problem('unavailable', { retryAfterSeconds: UNAVAILABLE_RETRY_AFTER_SECONDS, cause });
      return { allowed: true, rate: null, retryAfterSeconds: 0 };
    }
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
