import { Injectable } from '@nestjs/common';
import { Directory, Quota, usageLimitOf, runBucketIdOf } from '@tollgate/access';
import type { BucketName } from '@tollgate/access';
import { microsToNumber } from '@tollgate/contracts';
import type { LogLimits, Plan } from '@tollgate/contracts';
import { Clock, PlansInForce } from '@tollgate/service-kit';

type RateLimit = LogLimits['workflowExecutionRateLimit']['sync'];

/** What stands for "no limit", as in `usage-limits`: clients read numbers here. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/**
 * The `limits` block of v1 answers (contract B5.1): what is left to whoever would pay for a run that this caller started
 * in this workspace now, so the owner for a personal key and the workspace's payer for a workspace key (A1 row 1, A6 "Who
 * a W is"). Those are the buckets and the budget that execute draws from. Looking takes nothing.
 */
@Injectable()
export class LogLimitsReader {
  constructor(
    private readonly directory: Directory,
    private readonly quota: Quota,
    private readonly plans: PlansInForce,
    private readonly clock: Clock,
  ) {}

  async limitsOf(payerUserId: string): Promise<LogLimits> {
    const payer = await this.directory.read('user', payerUserId);
    const plan = payer?.plan ?? 'free';
    const limitMicros = usageLimitOf(this.plans, plan, payer?.usageLimitMicros ?? null) ?? NO_LIMIT;
    const [spentMicros, sync, async] = await Promise.all([
      this.quota.spentMicros(payerUserId, this.clock.nowMs()),
      this.rateLimitOf(payerUserId, 'sync', plan),
      this.rateLimitOf(payerUserId, 'async', plan),
    ]);
    return {
      workflowExecutionRateLimit: { sync, async },
      usage: {
        currentPeriodCost: microsToNumber(spentMicros),
        limit: microsToNumber(limitMicros),
        plan,
        isExceeded: spentMicros >= limitMicros,
      },
    };
  }

  private async rateLimitOf(payerUserId: string, bucket: BucketName, plan: Plan): Promise<RateLimit> {
    const nowMs = this.clock.nowMs();
    const state = await this.quota.peek({ bucketId: runBucketIdOf(payerUserId), bucket, plan, nowMs });
    const { requestsPerMinute, limit, remaining, resetAtMs } = state ?? {
      requestsPerMinute: NO_LIMIT,
      limit: NO_LIMIT,
      remaining: NO_LIMIT,
      resetAtMs: nowMs,
    };
    return { requestsPerMinute, maxBurst: limit, remaining, resetAt: new Date(resetAtMs).toISOString() };
  }
}
