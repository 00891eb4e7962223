import { Injectable } from '@nestjs/common';
import { type FoundSession, Sessions, type SignedIn } from '@tollgate/access';
import { Problem } from '@tollgate/contracts';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { Clock } from './clock.js';
import { Config } from './config.js';
import { InternalSecret } from './internal-secret.js';
import { sessionCookieOf, SessionPasses } from './session-pass.js';

const answerSchema = z.object({ user: z.object({ id: z.string(), email: z.string(), name: z.string() }) }).nullable();

const SESSIONS_CACHED_MAX = 10_000;
/** How long an answer of keys is kept for clients that send no pass back. */
const SESSION_CACHE_MS = 30_000;
const KEYS_TIMEOUT_MS = 5_000;

/**
 * Sessions of a service that runs apart from keys. A request with a pass (`SessionPasses`) is judged here alone; else
 * keys is asked, and the answer carries a pass for the next minute. So a session that ended at keys ends everywhere
 * within that minute, and at once for a person who is suspended (`SessionGuard` asks the directory).
 */
@Injectable()
export class RemoteSessions extends Sessions {
  private readonly cache = new LRUCache<string, SignedIn>({ max: SESSIONS_CACHED_MAX, ttl: SESSION_CACHE_MS });
  private readonly passes: SessionPasses;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    secret: InternalSecret,
  ) {
    super();
    this.passes = new SessionPasses(secret, config.publicUrl.startsWith('https:'));
  }

  override async find(cookieHeader: string | undefined): Promise<FoundSession | undefined> {
    const session = sessionCookieOf(cookieHeader);
    if (cookieHeader === undefined || session === undefined) return undefined;
    const nowMs = this.clock.nowMs();
    const known = this.passes.read(cookieHeader, nowMs) ?? this.cache.get(session);
    if (known) return known;
    const found = await this.ask(session);
    if (!found) return undefined;
    this.cache.set(session, found);
    const setCookie = this.passes.cookieOf(found, session, nowMs);
    return { ...found, ...(setCookie !== undefined && { setCookie }) };
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
