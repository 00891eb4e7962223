import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Problem } from '@tollgate/contracts';
import { AccessSettings } from './access-settings.js';
import { crossSiteFault } from './cross-site.js';
import { Directory } from './directory.js';
import { type GuardedReply, type GuardedRequest, replyOf, requestOf } from './guarded-request.js';
import { unavailableProblem } from './refusals.js';
import { Sessions } from './sessions.js';

/**
 * Lets a signed-in person in and leaves him on the request (contract A2, A6 "CSRF and guessing"). A key is no credential
 * here: 401 `Unauthorized`. So is the session of a suspended person, from the directory's word on, whatever the cookie says.
 */
@Injectable()
export class SessionGuard implements CanActivate {
  private readonly publicOrigin: string;

  constructor(
    private readonly sessions: Sessions,
    private readonly directory: Directory,
    settings: AccessSettings,
  ) {
    this.publicOrigin = new URL(settings.publicUrl).origin;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await this.judge(requestOf(context), replyOf(context));
    return true;
  }

  /** Judges once: also before the body is read, where nothing but the headers is there. Rejects with the Problem. */
  async judge(request: GuardedRequest, reply: GuardedReply): Promise<void> {
    if (request.signedIn) return;
    const signedIn = await this.sessions.find(request.headers.cookie);
    if (!signedIn) throw new Problem('unauthorized');
    const fault = crossSiteFault(request, this.publicOrigin);
    if (fault) throw new Problem(fault);
    if (await this.isSuspended(signedIn.userId)) throw new Problem('unauthorized');
    const { setCookie, ...person } = signedIn;
    request.signedIn = person;
    if (setCookie !== undefined) reply.header('set-cookie', setCookie);
  }

  private async isSuspended(userId: string): Promise<boolean> {
    try {
      return (await this.directory.read('user', userId))?.suspended ?? false;
    } catch (error) {
      throw unavailableProblem(error);
    }
  }
}
