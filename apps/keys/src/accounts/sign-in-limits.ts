import { Injectable } from '@nestjs/common';
import { Problem } from '@tollgate/contracts';
import { Clock, Config } from '@tollgate/service-kit';
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const FAILURE_WINDOW_MS = 15 * 60 * 1000;
const TRY_WINDOW_MS = 60 * 1000;
/** Accounts and addresses remembered; past it the ones unheard of for longest are forgotten. */
const REMEMBERED_MAX = 100_000;
/** Tries of one account that may wait for those before them. */
const WAITING_MAX = 100;

interface Account {
  /** When the failures of the window happened, oldest first; never more than the limit. */
  failures: number[];
  /** Tries whose end is not known yet: each may become a failure. */
  underWay: number;
  waiting: (() => void)[];
}

/**
 * Holds guessers back (contract A6 "CSRF and guessing"): so many failures per account in 15 minutes, so many tries per
 * address and minute. It counts by what was typed, so an account that does not exist is held back just the same.
 * A try that could be one too many waits until those before it have ended: a burst in parallel gets no more failures
 * than one after the other, and nobody with the right password is refused for being quick.
 */
@Injectable()
export class SignInLimits {
  private readonly accounts = new LRUCache<string, Account>({ max: REMEMBERED_MAX });
  private readonly addresses = new LRUCache<string, { sinceMs: number; tries: number }>({ max: REMEMBERED_MAX });

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Counts a try of an address. Throws the 429 Problem. */
  countTry(address: string): void {
    const nowMs = this.clock.nowMs();
    const known = this.addresses.get(address);
    const current = known && nowMs - known.sinceMs < TRY_WINDOW_MS ? known : { sinceMs: nowMs, tries: 0 };
    if (current.tries >= this.config.SIGN_IN_TRIES_PER_MINUTE) throw tooMany(current.sinceMs + TRY_WINDOW_MS - nowMs);
    current.tries += 1;
    this.addresses.set(address, current);
  }

  /** Runs a try for an account; `failed` says whether its answer counts as a failure. Throws the 429 Problem. */
  async attempt<T>(email: string, run: () => Promise<T>, failed: (answer: T) => boolean): Promise<T> {
    const id = createHash('sha256').update(email).digest('base64url');
    const account = this.accounts.get(id) ?? { failures: [], underWay: 0, waiting: [] };
    this.accounts.set(id, account);
    await this.enter(account);
    try {
      const answer = await run();
      if (failed(answer)) account.failures.push(this.clock.nowMs());
      return answer;
    } finally {
      account.underWay -= 1;
      account.waiting.shift()?.();
    }
  }

  /** Resolves when this try cannot be one too many. */
  private async enter(account: Account): Promise<void> {
    const max = this.config.SIGN_IN_FAILURES_MAX;
    for (;;) {
      const nowMs = this.clock.nowMs();
      account.failures = account.failures.filter((at) => nowMs - at < FAILURE_WINDOW_MS);
      const [oldest] = account.failures;
      if (oldest !== undefined && account.failures.length >= max) {
        // Those who wait must learn it too.
        account.waiting.shift()?.();
        throw tooMany(oldest + FAILURE_WINDOW_MS - nowMs);
      }
      if (account.failures.length + account.underWay < max) break;
      if (account.waiting.length >= WAITING_MAX) throw tooMany(1_000);
      await new Promise<void>((resolve) => account.waiting.push(resolve));
    }
    account.underWay += 1;
  }
}

function tooMany(waitMs: number): Problem {
  return new Problem('rateLimited', {
    text: 'Too many sign-in attempts. Please try again later.',
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
  });
}
