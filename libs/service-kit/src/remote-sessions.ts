import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Sessions, type SignedIn } from '@tollgate/access';
import { Problem } from '@tollgate/contracts';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { Config } from './config.js';

const answerSchema = z.object({ user: z.object({ id: z.string(), email: z.string(), name: z.string() }) }).nullable();

const SESSIONS_CACHED_MAX = 10_000;
/** How long a session that ended elsewhere may still be taken for live here. */
const SESSION_CACHE_MS = 30_000;
const KEYS_TIMEOUT_MS = 5_000;

/** Sessions of a service that runs apart from keys: asks it over HTTP, and remembers the answer for half a minute. */
@Injectable()
export class RemoteSessions extends Sessions {
  private readonly cache = new LRUCache<string, SignedIn>({ max: SESSIONS_CACHED_MAX, ttl: SESSION_CACHE_MS });

  constructor(private readonly config: Config) {
    super();
  }

  override async find(cookieHeader: string | undefined): Promise<SignedIn | undefined> {
    if (!cookieHeader) return undefined;
    const id = createHash('sha256').update(cookieHeader).digest('base64url');
    const known = this.cache.get(id);
    if (known) return known;
    const found = await this.ask(cookieHeader);
    if (found) this.cache.set(id, found);
    return found;
  }

  /** A session that keys renewed now would be lost: its cookie does not reach the browser. */
  private async ask(cookie: string): Promise<SignedIn | undefined> {
    let answer: unknown;
    try {
      const response = await fetch(`${this.config.KEYS_URL}/api/auth/get-session?disableRefresh=true`, {
        headers: { cookie },
        signal: AbortSignal.timeout(KEYS_TIMEOUT_MS),
      });
      if (!response.ok) throw new Error(`the keys service answered ${response.status}`);
      answer = await response.json();
    } catch (cause) {
      throw new Problem('unavailable', { retryAfterSeconds: 5, cause });
    }
    const user = answerSchema.parse(answer)?.user;
    return user && { userId: user.id, email: user.email, name: user.name };
  }
}
