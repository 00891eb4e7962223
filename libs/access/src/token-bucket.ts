import type { BucketState } from './admission.js';

/**
 * Sim's token bucket (contract B4): it holds twice the rate, starts full, and gets `perMinute` tokens back once per whole
 * interval of 60 s, not continuously. Pure: a bucket that was never used is `undefined`.
 */
export interface TokenBucket {
  tokens: number;
  /** The last refill; the next comes one interval later. */
  refilledAtMs: number;
}

export interface Taken {
  allowed: boolean;
  /** What to keep; when not allowed, the refilled bucket without a token taken. */
  bucket: TokenBucket;
  rate: BucketState;
  /** Whole seconds to the next refill, at least 1. */
  retryAfterSeconds: number;
}

export const REFILL_INTERVAL_MS = 60_000;

export function capacityOf(perMinute: number): number {
  return perMinute * 2;
}

/** Takes one token if there is one. */
export function takeToken(bucket: TokenBucket | undefined, perMinute: number, nowMs: number): Taken {
  const { tokens, refilledAtMs } = refilled(bucket, perMinute, nowMs);
  const allowed = tokens >= 1;
  const kept = { tokens: allowed ? tokens - 1 : tokens, refilledAtMs };
  return {
    allowed,
    bucket: kept,
    rate: stateOf(kept, perMinute),
    retryAfterSeconds: Math.max(1, Math.ceil((refilledAtMs + REFILL_INTERVAL_MS - nowMs) / 1000)),
  };
}

export interface TakenOfAll extends Omit<Taken, 'bucket'> {
  /** What to keep of each, in the order given. */
  buckets: TokenBucket[];
}

/**
 * Takes one token of each bucket, or of none when one of them is empty. `rate` is the tightest: the one with the fewest
 * tokens left, of equals the one that is refilled last; `retryAfterSeconds` is when all that are empty have one again.
 */
export function takeOfAll(buckets: readonly (TokenBucket | undefined)[], perMinute: number, nowMs: number): TakenOfAll {
  const tries = buckets.map((bucket) => takeToken(bucket, perMinute, nowMs));
  const allowed = tries.every((taken) => taken.allowed);
  const deciding = allowed ? tries : tries.filter((taken) => !taken.allowed);
  const tightest = deciding.reduce((best, taken) => (isTighter(taken.rate, best.rate) ? taken : best));
  return {
    allowed,
    buckets: allowed ? tries.map((taken) => taken.bucket) : buckets.map((bucket) => refilled(bucket, perMinute, nowMs)),
    rate: tightest.rate,
    retryAfterSeconds: Math.max(...deciding.map((taken) => taken.retryAfterSeconds)),
  };
}

function isTighter(rate: BucketState, than: BucketState): boolean {
  if (rate.remaining !== than.remaining) return rate.remaining < than.remaining;
  return rate.resetAtMs > than.resetAtMs;
}

/** The bucket as it stands; takes nothing. */
export function peekBucket(bucket: TokenBucket | undefined, perMinute: number, nowMs: number): BucketState {
  return stateOf(refilled(bucket, perMinute, nowMs), perMinute);
}

/** Whether forgetting the bucket changes nothing: it would be full by now, as a new one is. */
export function isFull(bucket: TokenBucket, perMinute: number, nowMs: number): boolean {
  return refilled(bucket, perMinute, nowMs).tokens >= capacityOf(perMinute);
}

/**
 * A clock that goes back gives no tokens and takes none. Back by more than an interval means that it was set, not that two
 * gateways disagree by a little: then the next refill is counted from the new time, or the bucket might stay empty for long.
 */
function refilled(bucket: TokenBucket | undefined, perMinute: number, nowMs: number): TokenBucket {
  const capacity = capacityOf(perMinute);
  if (!bucket) return { tokens: capacity, refilledAtMs: nowMs };
  const intervals = Math.floor((nowMs - bucket.refilledAtMs) / REFILL_INTERVAL_MS);
  const tokens = Math.min(capacity, bucket.tokens + Math.max(0, intervals) * perMinute);
  if (intervals < -1) return { tokens, refilledAtMs: nowMs };
  return { tokens, refilledAtMs: bucket.refilledAtMs + Math.max(0, intervals) * REFILL_INTERVAL_MS };
}

function stateOf(bucket: TokenBucket, perMinute: number): BucketState {
  return {
    limit: capacityOf(perMinute),
    requestsPerMinute: perMinute,
    remaining: bucket.tokens,
    resetAtMs: bucket.refilledAtMs + REFILL_INTERVAL_MS,
  };
}
