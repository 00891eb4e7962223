import type { BucketName, BucketState } from './admission.js';
import { isFull, peekBucket, takeOfAll, takeToken } from './token-bucket.js';
import type { Taken, TakenOfAll, TokenBucket } from './token-bucket.js';

export const BUCKETS_MAX = 100_000;

/** Share of the bound that is given up when no bucket can be forgotten without a loss. */
const GIVEN_UP_SHARE = 0.1;

interface Kept {
  bucket: TokenBucket;
  perMinute: number;
}

/**
 * The buckets in use, at most `bucketsMax` of each name (about 200 bytes each). At the bound those that are full again
 * are forgotten, which loses nothing: that is every bucket unused for two minutes. Only when more callers than the
 * bound were active within two minutes, the tenth that was made first is forgotten too and starts full.
 */
export class TokenBuckets {
  private readonly buckets: Record<BucketName, Map<string, Kept>> = {
    sync: new Map(),
    async: new Map(),
    api: new Map(),
    address: new Map(),
  };

  constructor(private readonly bucketsMax = BUCKETS_MAX) {}

  /** What taking a token would do; `keep` makes it so. */
  tryTake(name: BucketName, id: string, perMinute: number, nowMs: number): Taken {
    return takeToken(this.buckets[name].get(id)?.bucket, perMinute, nowMs);
  }

  /** Takes one token of each, or of none. */
  takeOfAll(name: BucketName, ids: readonly string[], perMinute: number, nowMs: number): TakenOfAll {
    const buckets = this.buckets[name];
    const taken = takeOfAll(
      ids.map((id) => buckets.get(id)?.bucket),
      perMinute,
      nowMs,
    );
    ids.forEach((id, nth) => this.keep(name, id, perMinute, { bucket: taken.buckets[nth]! }, nowMs));
    return taken;
  }

  keep(name: BucketName, id: string, perMinute: number, taken: Pick<Taken, 'bucket'>, nowMs: number): void {
    const buckets = this.buckets[name];
    const kept = buckets.get(id);
    if (kept) {
      kept.bucket = taken.bucket;
      kept.perMinute = perMinute;
      return;
    }
    if (buckets.size >= this.bucketsMax) this.makeRoom(buckets, nowMs);
    buckets.set(id, { bucket: taken.bucket, perMinute });
  }

  peek(name: BucketName, id: string, perMinute: number, nowMs: number): BucketState {
    return peekBucket(this.buckets[name].get(id)?.bucket, perMinute, nowMs);
  }

  get count(): number {
    return Object.values(this.buckets).reduce((sum, buckets) => sum + buckets.size, 0);
  }

  private makeRoom(buckets: Map<string, Kept>, nowMs: number): void {
    for (const [id, { bucket, perMinute }] of buckets) if (isFull(bucket, perMinute, nowMs)) buckets.delete(id);
    let spare = Math.ceil(this.bucketsMax * GIVEN_UP_SHARE) - (this.bucketsMax - buckets.size);
    for (const id of buckets.keys()) {
      if (spare-- <= 0) break;
      buckets.delete(id);
    }
  }
}
