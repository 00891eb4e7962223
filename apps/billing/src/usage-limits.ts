import {
  type BucketState,
  type Caller,
  Directory,
  type Plans,
  runBucketIdOf,
  Quota,
  usageLimitOf,
  type UserEntry,
} from '@tollgate/access';
import { microsToNumber, type UsageLimits } from '@tollgate/contracts';

type Bucket = UsageLimits['rateLimit']['sync'];

/** What stands for "no limit": clients read numbers here (contract A6, B4), so it is the greatest one they hold exactly. */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER;

export type UsageLimitsAnswer = { outcome: 'found'; limits: UsageLimits } | { outcome: 'unknown' | 'suspended' };

/**
 * What a caller may still use (contract B4). Everything is the payer's: his buckets for execute, his usage, his plan.
 * A personal key's payer is its owner, a workspace key's its workspace's billed account (contract A6 "Who a W is").
 */
export class UsageLimitsReader {
  constructor(
    private readonly directory: Directory,
    private readonly quota: Quota,
    private readonly plans: Plans,
  ) {}

  async ofKey(caller: Caller, nowMs: number): Promise<UsageLimitsAnswer> {
    const payerUserId = caller.ownerId ?? (await this.billedAccountOf(caller.workspaceId));
    const payer = payerUserId === undefined ? undefined : await this.directory.read('user', payerUserId);
    if (!payerUserId || !payer) return { outcome: 'unknown' };
    if (payer.suspended) return { outcome: 'suspended' };
    return { outcome: 'found', limits: await this.read(payerUserId, payer, 'api', nowMs) };
  }

  async ofPerson(userId: string, nowMs: number): Promise<UsageLimitsAnswer> {
    const payer = await this.directory.read('user', userId);
    if (!payer) return { outcome: 'unknown' };
    return { outcome: 'found', limits: await this.read(userId, payer, 'manual', nowMs) };
  }

  private async billedAccountOf(workspaceId: string | null): Promise<string | undefined> {
    if (workspaceId === null) return undefined;
    return (await this.directory.read('workspace', workspaceId))?.billedAccountUserId;
  }

  private async read(
    payerUserId: string,
    payer: UserEntry,
    authType: 'api' | 'manual',
    nowMs: number,
  ): Promise<UsageLimits> {
    const { plan } = payer;
    const [sync, async, spentMicros] = await Promise.all([
      this.quota.peek({ bucketId: runBucketIdOf(payerUserId), bucket: 'sync', plan, nowMs }),
      this.quota.peek({ bucketId: runBucketIdOf(payerUserId), bucket: 'async', plan, nowMs }),
      this.quota.spentMicros(payerUserId, nowMs),
    ]);
    const limitMicros = usageLimitOf(this.plans, plan, payer.usageLimitMicros) ?? NO_LIMIT;
    return {
      success: true,
      rateLimit: { sync: bucketOf(sync, nowMs), async: bucketOf(async, nowMs), authType },
      usage: { currentPeriodCost: microsToNumber(spentMicros), limit: microsToNumber(limitMicros), plan },
      storage: { usedBytes: 0, limitBytes: 0, percentUsed: 0 },
    };
  }
}

/** Null: the plan's rate is off. */
export function bucketOf(state: BucketState | null, nowMs: number): Bucket {
  const { limit, requestsPerMinute, remaining, resetAtMs } = state ?? {
    limit: NO_LIMIT,
    requestsPerMinute: NO_LIMIT,
    remaining: NO_LIMIT,
    resetAtMs: nowMs,
  };
  const resetAt = new Date(resetAtMs).toISOString();
  return { isLimited: remaining < 1, limit, requestsPerMinute, maxBurst: limit, remaining, resetAt };
}
