import fc from 'fast-check';
import { MemoryAdmission, MemoryCounters, MemoryQuota } from './memory-admission.js';
import { parsePlans } from './plans.js';

const NOW_MS = Date.UTC(2026, 10, 10);
const LIMIT_MICROS = 60_000;
const CONCURRENT_MAX = 3;
const PER_MINUTE = 3;
const MINUTE_MS = 60_000;
const PAYERS = ['u1', 'u2'];

type Step =
  | { do: 'admit'; payer: string; claim: number | null; reserveMicros: number }
  | { do: 'finish'; which: number; extraMicros: number }
  | { do: 'deliver' }
  | { do: 'settle' }
  | { do: 'wait'; ms: number };

const payer = fc.constantFrom(...PAYERS);
const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('admit' as const),
        payer,
        claim: fc.option(fc.integer({ min: 0, max: 5 })),
        reserveMicros: fc.constantFrom(0, 5_000, 7_000),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('finish' as const),
        which: fc.nat(),
        extraMicros: fc.constantFrom(0, 0, 900),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ do: 'deliver' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'settle' as const }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 2 * MINUTE_MS }) }),
    },
  ),
  { maxLength: 120 },
);

interface Run {
  runId: string;
  payer: string;
  micros: number;
  state: 'running' | 'ended' | 'billed';
}

/**
 * The plainest form of the promise: all runs in a list, sums taken anew each time. Billing's settlements reach the
 * counters late, in bundles and in the wrong order.
 */
class Model {
  readonly runs: Run[] = [];
  readonly claimed = new Set<string>();
  private readonly buckets = new Map<string, { tokens: number; nextRefillMs: number }>();
  position = 0n;

  usedMicros(payer: string): number {
    return this.runs.filter((run) => run.payer === payer).reduce((sum, run) => sum + run.micros, 0);
  }

  runningCount(payer: string): number {
    return this.runs.filter((run) => run.payer === payer && run.state === 'running').length;
  }

  billedMicros(payer: string): number {
    return this.runs
      .filter((run) => run.payer === payer && run.state === 'billed')
      .reduce((sum, run) => sum + run.micros, 0);
  }

  /** Refilled minute by minute since its first use, up to twice the rate. */
  private tokens(payer: string, nowMs: number): number {
    const bucket = this.buckets.get(payer);
    if (!bucket) return 2 * PER_MINUTE;
    for (; bucket.nextRefillMs <= nowMs; bucket.nextRefillMs += MINUTE_MS) {
      bucket.tokens = Math.min(2 * PER_MINUTE, bucket.tokens + PER_MINUTE);
    }
    return bucket.tokens;
  }

  takeToken(payer: string, nowMs: number): number {
    const tokens = this.tokens(payer, nowMs) - 1;
    const bucket = this.buckets.get(payer) ?? { tokens, nextRefillMs: nowMs + MINUTE_MS };
    this.buckets.set(payer, { ...bucket, tokens });
    return tokens;
  }

  expected(step: Extract<Step, { do: 'admit' }>, nowMs: number): string {
    if (step.claim !== null && this.claimed.has(`${step.payer} claim-${step.claim}`)) return 'runIdUsed';
    const used = this.usedMicros(step.payer);
    if (used >= LIMIT_MICROS || used + step.reserveMicros > LIMIT_MICROS) return 'overBudget';
    if (this.tokens(step.payer, nowMs) < 1) return 'rateLimited';
    return this.runningCount(step.payer) >= CONCURRENT_MAX ? 'tooManyConcurrent' : 'admitted';
  }
}

describe('admission', () => {
  it('agrees with the plain model whatever comes when, and never overruns budget, rate or concurrency', () => {
    const limits = { syncPerMinute: PER_MINUTE, concurrentRuns: CONCURRENT_MAX };
    const plans = parsePlans(JSON.stringify({ pro: limits }));
    fc.assert(
      fc.property(steps, (all) => {
        let nowMs = NOW_MS;
        const counters = new MemoryCounters({ plans, now: () => nowMs });
        const admission = new MemoryAdmission(counters);
        const quota = new MemoryQuota(counters);
        const model = new Model();
        const onTheWay: Parameters<MemoryAdmission['settle']>[0][number][] = [];
        all.forEach((step, index) => {
          nowMs += step.do === 'wait' ? step.ms : 1;
          if (step.do === 'admit') {
            const runId = step.claim === null ? `run-${index}` : `claim-${step.claim}`;
            const expected = model.expected(step, nowMs);
            const answer = admission.admit({
              runId,
              runIdClaimed: step.claim !== null,
              payerUserId: step.payer,
              plan: 'pro',
              usageLimitMicros: LIMIT_MICROS,
              bucketId: step.payer,
              bucket: 'sync',
              reserveMicros: step.reserveMicros,
              nowMs,
            });
            expect(answer.outcome).toBe(expected);
            if (answer.outcome !== 'admitted') return;
            expect(answer.rate).toMatchObject({ limit: 2 * PER_MINUTE, remaining: model.takeToken(step.payer, nowMs) });
            if (step.claim !== null) model.claimed.add(`${step.payer} ${runId}`);
            model.runs.push({ runId, payer: step.payer, micros: step.reserveMicros, state: 'running' });
          }
          if (step.do === 'finish') {
            const running = model.runs.filter((run) => run.state === 'running');
            const run = running[step.which % Math.max(1, running.length)];
            if (!run) return;
            run.micros += step.extraMicros;
            run.state = 'ended';
            admission.finish(run.runId, run.payer, run.micros);
          }
          if (step.do === 'deliver') {
            for (const payer of PAYERS) {
              const fresh = model.runs.filter((run) => run.payer === payer && run.state === 'ended');
              for (const run of fresh) run.state = 'billed';
              onTheWay.push({
                payerUserId: payer,
                period: '2026-11',
                totalMicros: model.billedMicros(payer),
                runIds: fresh.map(({ runId }) => runId),
                position: (model.position += 1n),
              });
            }
          }
          // The newest first: older totals that come after it must not undo it.
          if (step.do === 'settle') admission.settle(onTheWay.splice(0).reverse());
          for (const payer of PAYERS) {
            // Each run counts once, whether it is held or settled.
            expect(quota.spentMicros(payer, nowMs)).toBe(model.usedMicros(payer));
            expect(model.runningCount(payer)).toBeLessThanOrEqual(CONCURRENT_MAX);
          }
        });
      }),
      { numRuns: 300 },
    );
  });
});
