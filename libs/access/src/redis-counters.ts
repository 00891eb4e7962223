import { PeriodClock } from './billing-period.js';
import type { BucketName } from './admission.js';
import { MemoryCounters } from './memory-admission.js';
import type { Plans } from './plans.js';
import { RedisUnavailable } from './redis-connection.js';
import type { AnyRedis } from './redis-connection.js';
import type { RedisScript } from './redis-script.js';

/** How long Redis is left alone after it failed to answer. */
const DOWN_MS = 500;

export interface RedisCountersOptions {
  redis: AnyRedis;
  plans: Plans;
  prefix?: string;
  /** For the period of a run that ends without being known. */
  now?: () => number;
}

/**
 * What `RedisAdmission` and `RedisQuota` share: the names of their keys, and this process's own counters for while Redis
 * does not answer. Then the limits hold per process, not for the fleet; it says so once.
 *
 * Everything of one payer shares a slot (the tag `{payer:<id>}`), so payers spread over a cluster and each decision is one
 * script on one shard. The buckets of the API routes share one slot together (`{api}`), since a request may draw from two.
 */
export class RedisCounters {
  readonly plans: Plans;
  readonly redis: AnyRedis;
  readonly local: MemoryCounters;
  readonly period = new PeriodClock();
  private readonly prefix: string;
  /** Of each shard that failed to answer, until when it is left alone. */
  private readonly downUntilMs = new WeakMap<object, number>();

  constructor({ redis, plans, prefix = 'tollgate', now = Date.now }: RedisCountersOptions) {
    this.redis = redis;
    this.plans = plans;
    this.prefix = prefix;
    this.local = new MemoryCounters({ plans, now });
  }

  /** Account, running, leases, ended, settled: the order that the scripts expect. */
  accountKeys(payerUserId: string): string[] {
    return ['account', 'running', 'leases', 'ended', 'settled'].map((name) => this.payerKey(payerUserId, name));
  }

  payerKey(payerUserId: string, name: string): string {
    return `${this.prefix}:{payer:${payerUserId}}:${name}`;
  }

  /** Runs draw from their payer's buckets (`runBucketIdOf`), so those lie beside his account. */
  bucketKey(bucket: BucketName, bucketId: string): string {
    const ofRuns = bucket === 'sync' || bucket === 'async';
    return ofRuns ? this.payerKey(bucketId, `bucket:${bucket}`) : `${this.prefix}:{api}:bucket:${bucket}:${bucketId}`;
  }

  /**
   * Asks the shard that has these keys; undefined when it does not answer, and for a short while after that without
   * asking it.
   */
  async ask<T>(
    script: RedisScript,
    keys: readonly string[],
    values: readonly (string | number)[],
  ): Promise<T | undefined> {
    const shard = this.redis.shardOf(keys[0] ?? '');
    if (performance.now() < (this.downUntilMs.get(shard) ?? 0)) return undefined;
    try {
      return await this.redis.eval<T>(script, keys, values);
    } catch (error) {
      if (!(error instanceof RedisUnavailable)) throw error;
      this.downUntilMs.set(shard, performance.now() + DOWN_MS);
      return undefined;
    }
  }
}
