import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Problem } from '@tollgate/contracts';
import { hash, timingSafeEqual } from 'node:crypto';
import { AccessSettings } from './access-settings.js';
import { type GuardedRequest, requestOf } from './guarded-request.js';

/**
 * Lets the operator in by `x-admin-key` (contract A3). Without `ADMIN_API_KEY` the routes are not there: 404. Hashes of the
 * same length are compared in constant time, so that neither a character nor the length can be felt out.
 */
@Injectable()
export class AdminKeyGuard implements CanActivate {
  private readonly expected: Buffer | undefined;

  constructor(settings: AccessSettings) {
    this.expected = settings.adminApiKey ? sha256Of(settings.adminApiKey) : undefined;
  }

  canActivate(context: ExecutionContext): boolean {
    this.judge(requestOf(context));
    return true;
  }

  /** Needs nothing but the headers. Throws the Problem. */
  judge({ headers }: GuardedRequest): void {
    if (!this.expected) throw new Problem('notFound');
    const presented = headers['x-admin-key'];
    if (typeof presented !== 'string' || !timingSafeEqual(sha256Of(presented), this.expected)) {
      throw new Problem('unauthorized');
    }
  }
}

function sha256Of(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
