import type { BucketState } from './admission.js';
import { MemoryQuota } from './memory-admission.js';
import { rateOf } from './plans.js';
import { Quota } from './quota.js';
import type { BucketRequest, TakeAnswer, TakeRequest } from './quota.js';
import { LOOK, TAKE } from './redis-admission-scripts.js';
import type { RedisCounters } from './redis-counters.js';
import { peekBucket, takeOfAll } from './token-bucket.js';
import type { TokenBucket } from './token-bucket.js';

/** The quota of a fleet, on the counters of `RedisAdmission`; while Redis does not answer, this process's own. */
export class RedisQuota extends Quota {
  private readonly local: MemoryQuota;

  constructor(private readonly counters: RedisCounters) {
    super();
    this.local = new MemoryQuota(counters.local);
  }

  override async take(request: TakeRequest): Promise<TakeAnswer> {
    const { bucket, bucketIds, plan, nowMs } = request;
    const perMinute = rateOf(this.counters.plans, plan, bucket);
    if (perMinute === null) return { allowed: true, rate: null, retryAfterSeconds: 0 };
    const keys = bucketIds.map((id) => this.counters.bucketKey(bucket, id));
    const found = await this.counters.ask<string[]>(TAKE, keys, [perMinute, nowMs]);
    if (found === undefined) return this.local.take(request);
    const buckets = bucketIds.map((_, nth): TokenBucket => {
      return { tokens: Number(found[2 * nth]), refilledAtMs: Number(found[2 * nth + 1]) };
    });
    const { allowed, rate, retryAfterSeconds } = takeOfAll(buckets, perMinute, nowMs);
    return { allowed, rate, retryAfterSeconds };
  }

  override async peek(request: BucketRequest): Promise<BucketState | null> {
    const { bucket, bucketId, plan, nowMs } = request;
    const perMinute = rateOf(this.counters.plans, plan, bucket);
    if (perMinute === null) return null;
    const found = await this.look(this.counters.bucketKey(bucket, bucketId));
    if (found === undefined) return this.local.peek(request);
    const [tokens, at] = [found.get('tokens'), found.get('at')];
    const kept = tokens === undefined ? undefined : { tokens: Number(tokens), refilledAtMs: Number(at) };
    return peekBucket(kept, perMinute, nowMs);
  }

  override async spentMicros(payerUserId: string, nowMs: number): Promise<number> {
    const account = await this.look(this.counters.payerKey(payerUserId, 'account'));
    if (account === undefined) return this.local.spentMicros(payerUserId, nowMs);
    if ((account.get('period') ?? '') < this.counters.period.periodOf(nowMs)) return 0;
    return Number(account.get('settled')) + Number(account.get('held'));
  }

  private async look(key: string): Promise<Map<string, string> | undefined> {
    const flat = await this.counters.ask<string[]>(LOOK, [key], []);
    if (flat === undefined) return undefined;
    return new Map(flat.flatMap((name, nth) => (nth % 2 === 0 ? [[name, flat[nth + 1] as string]] : [])));
  }
}
