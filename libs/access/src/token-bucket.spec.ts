import fc from 'fast-check';
import { REFILL_INTERVAL_MS, capacityOf, isFull, peekBucket, takeOfAll, takeToken } from './token-bucket.js';
import type { TokenBucket } from './token-bucket.js';

const START_MS = 1_700_000_000_000;

/** Takes at each instant in turn. */
function takes(perMinute: number, instantsMs: readonly number[]) {
  let bucket: TokenBucket | undefined;
  return instantsMs.map((nowMs) => {
    const taken = takeToken(bucket, perMinute, nowMs);
    bucket = taken.bucket;
    return { nowMs, ...taken };
  });
}

const rates = fc.integer({ min: 1, max: 20 });
const steps = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 200_000 })), {
  minLength: 1,
  maxLength: 200,
});

describe('a token bucket', () => {
  it('starts full with twice the rate', () => {
    const { allowed, rate } = takeToken(undefined, 50, START_MS);
    expect(allowed).toBe(true);
    expect(rate).toEqual({ limit: 100, requestsPerMinute: 50, remaining: 99, resetAtMs: START_MS + 60_000 });
    expect(peekBucket(undefined, 50, START_MS).remaining).toBe(100);
  });

  it('gets its rate back once per whole minute, not before', () => {
    const burst = Array.from({ length: 101 }, () => START_MS);
    const results = takes(50, [...burst, START_MS + 59_999, START_MS + 60_000]);
    expect(results.slice(0, 100).every(({ allowed }) => allowed)).toBe(true);
    expect(results[100]).toMatchObject({ allowed: false, retryAfterSeconds: 60, rate: { remaining: 0 } });
    expect(results[101]).toMatchObject({
      allowed: false,
      retryAfterSeconds: 1,
      rate: { resetAtMs: START_MS + 60_000 },
    });
    expect(results[102]).toMatchObject({ allowed: true, rate: { remaining: 49, resetAtMs: START_MS + 120_000 } });
  });

  it('keeps the beat of its first use however irregularly it is used', () => {
    const results = takes(1, [START_MS, START_MS + 90_000, START_MS + 130_000]);
    expect(results.map(({ rate }) => rate.resetAtMs - START_MS)).toEqual([60_000, 120_000, 180_000]);
  });

  it('holds never less than none and never more than its capacity, in whole tokens', () => {
    fc.assert(
      fc.property(
        rates,
        fc.array(fc.integer({ min: -300_000, max: 300_000 }), { maxLength: 200 }),
        (perMinute, moves) => {
          let nowMs = START_MS;
          const results = takes(
            perMinute,
            moves.map((move) => (nowMs += move)),
          );
          for (const { rate, retryAfterSeconds } of results) {
            expect(Number.isInteger(rate.remaining)).toBe(true);
            expect(rate.remaining).toBeGreaterThanOrEqual(0);
            expect(rate.remaining).toBeLessThanOrEqual(capacityOf(perMinute));
            expect(Number.isInteger(retryAfterSeconds)).toBe(true);
            expect(retryAfterSeconds).toBeGreaterThanOrEqual(1);
            expect(retryAfterSeconds).toBeLessThanOrEqual(120);
          }
        },
      ),
    );
  });

  it('admits over any k minutes at most its capacity and k times its rate', () => {
    fc.assert(
      fc.property(rates, steps, fc.integer({ min: 1, max: 5 }), (perMinute, moves, minutes) => {
        let nowMs = START_MS;
        const admitted = takes(
          perMinute,
          moves.map((move) => (nowMs += move)),
        )
          .filter(({ allowed }) => allowed)
          .map((each) => each.nowMs);
        for (const from of admitted) {
          const within = admitted.filter((atMs) => atMs >= from && atMs < from + minutes * REFILL_INTERVAL_MS);
          expect(within.length).toBeLessThanOrEqual(capacityOf(perMinute) + minutes * perMinute);
        }
      }),
    );
  });

  it('admits again whoever waits as long as it says', () => {
    fc.assert(
      fc.property(rates, steps, (perMinute, moves) => {
        let nowMs = START_MS;
        let bucket: TokenBucket | undefined;
        for (const move of moves) {
          nowMs += move;
          const taken = takeToken(bucket, perMinute, nowMs);
          bucket = taken.bucket;
          if (!taken.allowed)
            expect(takeToken(bucket, perMinute, nowMs + taken.retryAfterSeconds * 1000).allowed).toBe(true);
        }
      }),
    );
  });

  it('gives nothing to a clock that goes back, and is not stuck by one that was set back', () => {
    const empty = takes(1, [START_MS, START_MS, START_MS]).at(-1)!;
    expect(empty.allowed).toBe(false);
    expect(takeToken(empty.bucket, 1, START_MS - 3_000)).toMatchObject({ allowed: false, bucket: empty.bucket });
    const setBack = takeToken(empty.bucket, 1, START_MS - 3_600_000);
    expect(setBack).toMatchObject({ allowed: false, retryAfterSeconds: 60 });
    expect(takeToken(setBack.bucket, 1, START_MS - 3_600_000 + 60_000).allowed).toBe(true);
  });

  it('fits a changed plan: no more than the new capacity, and what is left of the old one', () => {
    const { bucket } = takeToken(undefined, 50, START_MS);
    expect(peekBucket(bucket, 10, START_MS)).toMatchObject({ limit: 20, remaining: 20 });
    expect(peekBucket(bucket, 500, START_MS)).toMatchObject({ limit: 1000, remaining: 99 });
  });

  it('is full again two minutes after its last use, and can then be forgotten', () => {
    fc.assert(
      fc.property(rates, steps, (perMinute, moves) => {
        let nowMs = START_MS;
        const { bucket } = takes(
          perMinute,
          moves.map((move) => (nowMs += move)),
        ).at(-1)!;
        expect(isFull(bucket, perMinute, nowMs)).toBe(false);
        expect(isFull(bucket, perMinute, nowMs + 2 * REFILL_INTERVAL_MS)).toBe(true);
      }),
    );
  });
});

describe('several token buckets of one request', () => {
  it('give one token each or none at all, and the tightest is what is told', () => {
    const moves = fc.array(
      fc.record({
        waitMs: fc.constantFrom(0, 0, 0, 30_000, 60_000),
        ids: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(rates, moves, (perMinute, all) => {
        const buckets = new Map<string, TokenBucket>();
        let nowMs = START_MS;
        for (const { waitMs, ids } of all) {
          nowMs += waitMs;
          const before = ids.map((id) => peekBucket(buckets.get(id), perMinute, nowMs));
          const taken = takeOfAll(
            ids.map((id) => buckets.get(id)),
            perMinute,
            nowMs,
          );
          ids.forEach((id, nth) => buckets.set(id, taken.buckets[nth]!));
          const after = ids.map((id) => peekBucket(buckets.get(id), perMinute, nowMs));
          expect(taken.allowed).toBe(before.every(({ remaining }) => remaining >= 1));
          expect(after.map(({ remaining }) => remaining)).toEqual(
            before.map(({ remaining }) => remaining - (taken.allowed ? 1 : 0)),
          );
          expect(taken.rate.remaining).toBe(Math.min(...after.map(({ remaining }) => remaining)));
          // Whoever waits as long as he is told finds a token in each that was empty.
          const later = nowMs + taken.retryAfterSeconds * 1000;
          if (!taken.allowed) expect(takeOfAll(taken.buckets, perMinute, later).allowed).toBe(true);
        }
      }),
    );
  });
});
