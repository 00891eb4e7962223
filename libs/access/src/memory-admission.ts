import type { AdmissionAnswer, AdmissionRequest, BucketState, Settlement } from './admission.js';
import { Admission } from './admission.js';
import { decideAdmission } from './admission-rule.js';
import { PeriodClock } from './billing-period.js';
import { ClaimedRunIds } from './claimed-run-ids.js';
import { type PayerAccount, PayerAccounts } from './payer-accounts.js';
import { rateOf, usageLimitOf } from './plans.js';
import type { Plans } from './plans.js';
import { Quota } from './quota.js';
import type { BucketRequest, TakeAnswer, TakeRequest } from './quota.js';
import { RecentIds } from './recent-ids.js';
import { TokenBuckets } from './token-buckets.js';

export interface MemoryCountersOptions {
  plans: Plans;
  /** For the period of a run that is held without having been admitted here. */
  now?: () => number;
  claimsMax?: number;
  bucketsMax?: number;
  holdsMax?: number;
}

/** How many of the runs that were settled last are remembered, so that a late `finish` does not hold them once more. */
const SETTLED_REMEMBERED = 50_000;

/** The state that `MemoryAdmission` and `MemoryQuota` of one process share. Lost with it, like all counters; the bill is not here. */
export class MemoryCounters {
  readonly plans: Plans;
  readonly now: () => number;
  readonly claims: ClaimedRunIds;
  readonly buckets: TokenBuckets;
  readonly payers: PayerAccounts;
  readonly settled = new RecentIds(SETTLED_REMEMBERED);
  readonly period = new PeriodClock();

  constructor(options: MemoryCountersOptions) {
    this.plans = options.plans;
    this.now = options.now ?? Date.now;
    this.claims = new ClaimedRunIds(options.claimsMax);
    this.buckets = new TokenBuckets(options.bucketsMax);
    this.payers = new PayerAccounts(options.holdsMax);
  }
}

/** A run's name among all payers' runs: callers choose run ids, and two payers the same. */
function nameOf(payerUserId: string, runId: string): string {
  return `${payerUserId} ${runId}`;
}

/** Admission of one process: synchronous, so that nothing can come between its check and its taking. */
export class MemoryAdmission extends Admission {
  constructor(private readonly counters: MemoryCounters) {
    super();
  }

  override admit(request: AdmissionRequest): AdmissionAnswer {
    const { plans, claims, buckets, payers, period } = this.counters;
    const { runId, runIdClaimed, plan, bucket, bucketId, reserveMicros, nowMs, stage } = request;
    const claim = nameOf(request.payerUserId, runId);
    const account = payers.open(request.payerUserId, period.periodOf(nowMs));
    if (stage === 'start') return this.start(request, account);
    const perMinute = rateOf(plans, plan, bucket);
    const usageLimitMicros = usageLimitOf(plans, plan, request.usageLimitMicros);
    account.limited = usageLimitMicros !== null;
    const taken = perMinute === null ? null : buckets.tryTake(bucket, bucketId, perMinute, nowMs);
    const answer = decideAdmission({
      runIdUsed: account.running.has(runId) || account.ended.has(runId) || (runIdClaimed && claims.has(claim, nowMs)),
      precheck: request.precheck,
      usedMicros: account.settledMicros + account.heldMicros,
      reserveMicros,
      usageLimitMicros,
      taken,
      runningCount: account.running.size,
      runningMax: stage === 'queue' ? null : plans.limits[plan].concurrentRuns,
      room:
        request.hasRoom !== false &&
        (!runIdClaimed || claims.hasRoom(nowMs)) &&
        (usageLimitMicros === null || payers.hasRoom),
    });
    // An empty bucket is kept as well: a clock that was set back moves its next refill.
    if (taken && (answer.outcome === 'admitted' || answer.outcome === 'rateLimited')) {
      buckets.keep(bucket, bucketId, perMinute!, taken, nowMs);
    }
    if (answer.outcome !== 'admitted') return answer;
    if (runIdClaimed) claims.claim(claim, nowMs);
    if (stage === 'queue') payers.hold(account, runId, reserveMicros);
    else payers.start(account, runId, reserveMicros);
    return answer;
  }

  /** A run that was admitted before: only its slot is asked for. */
  private start(request: AdmissionRequest, account: PayerAccount): AdmissionAnswer {
    const { runId, plan, reserveMicros, precheck, hasRoom } = request;
    if (account.running.has(runId)) return { outcome: 'admitted', rate: null };
    const answer = decideAdmission({
      runIdUsed: false,
      precheck,
      usedMicros: 0,
      reserveMicros: 0,
      usageLimitMicros: null,
      taken: null,
      runningCount: account.running.size,
      runningMax: this.counters.plans.limits[plan].concurrentRuns,
      room: hasRoom !== false,
    });
    if (answer.outcome !== 'admitted') return answer;
    this.counters.payers.hold(account, runId, 0);
    this.counters.payers.start(account, runId, reserveMicros);
    return answer;
  }

  override finish(runId: string, payerUserId: string, costMicros: number): void {
    const { payers, settled, period, now } = this.counters;
    const account = payers.get(payerUserId);
    if (account && payers.end(account, runId, costMicros)) return;
    if (settled.has(nameOf(payerUserId, runId))) return;
    payers.hold(payers.open(payerUserId, period.periodOf(now())), runId, costMicros);
  }

  override settle(settlements: readonly Settlement[]): void {
    const { payers, settled } = this.counters;
    for (const settlement of settlements) {
      payers.settle(payers.open(settlement.payerUserId, settlement.period), settlement);
      for (const runId of settlement.runIds) settled.add(nameOf(settlement.payerUserId, runId));
    }
  }
}

/** The quota of one process, on the same counters. */
export class MemoryQuota extends Quota {
  constructor(private readonly counters: MemoryCounters) {
    super();
  }

  override take({ bucket, bucketIds, plan, nowMs }: TakeRequest): TakeAnswer {
    const perMinute = rateOf(this.counters.plans, plan, bucket);
    if (perMinute === null) return { allowed: true, rate: null, retryAfterSeconds: 0 };
    const { allowed, rate, retryAfterSeconds } = this.counters.buckets.takeOfAll(bucket, bucketIds, perMinute, nowMs);
    return { allowed, rate, retryAfterSeconds };
  }

  override peek({ bucket, bucketId, plan, nowMs }: BucketRequest): BucketState | null {
    const perMinute = rateOf(this.counters.plans, plan, bucket);
    return perMinute === null ? null : this.counters.buckets.peek(bucket, bucketId, perMinute, nowMs);
  }

  override spentMicros(payerUserId: string, nowMs: number): number {
    const account = this.counters.payers.get(payerUserId);
    if (!account || account.period < this.counters.period.periodOf(nowMs)) return 0;
    return account.settledMicros + account.heldMicros;
  }
}
