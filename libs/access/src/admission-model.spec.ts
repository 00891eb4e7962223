import fc from 'fast-check';
import { MemoryAdmission, MemoryCounters, MemoryQuota } from './memory-admission.js';
import { parsePlans } from './plans.js';

const NOW_MS = Date.UTC(2026, 10, 10);
const LIMIT_MICROS = 60_000;
const CONCURRENT_MAX = 3;
const PAYERS = ['u1', 'u2'];

type Step =
  | { do: 'admit'; payer: string; claim: number | null; reserveMicros: number }
  | { do: 'finish'; which: number; extraMicros: number }
  | { do: 'deliver' }
  | { do: 'settle' };

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

  expected(step: Extract<Step, { do: 'admit' }>): string {
    if (step.claim !== null && this.claimed.has(`claim-${step.claim}`)) return 'runIdUsed';
    const used = this.usedMicros(step.payer);
    if (used >= LIMIT_MICROS || used + step.reserveMicros > LIMIT_MICROS) return 'overBudget';
    return this.runningCount(step.payer) >= CONCURRENT_MAX ? 'tooManyConcurrent' : 'admitted';
  }
}

describe('admission', () => {
  it('agrees with the plain model whatever comes when, and never overruns budget or concurrency', () => {
    const plans = parsePlans(JSON.stringify({ pro: { syncPerMinute: 'off', concurrentRuns: CONCURRENT_MAX } }));
    fc.assert(
      fc.property(steps, (all) => {
        const counters = new MemoryCounters({ plans, now: () => NOW_MS });
        const admission = new MemoryAdmission(counters);
        const quota = new MemoryQuota(counters);
        const model = new Model();
        const onTheWay: Parameters<MemoryAdmission['settle']>[0][number][] = [];
        all.forEach((step, index) => {
          if (step.do === 'admit') {
            const runId = step.claim === null ? `run-${index}` : `claim-${step.claim}`;
            const expected = model.expected(step);
            const { outcome } = admission.admit({
              runId,
              runIdClaimed: step.claim !== null,
              payerUserId: step.payer,
              plan: 'pro',
              usageLimitMicros: LIMIT_MICROS,
              bucketId: step.payer,
              bucket: 'sync',
              reserveMicros: step.reserveMicros,
              nowMs: NOW_MS + index,
            });
            expect(outcome).toBe(expected);
            if (outcome !== 'admitted') return;
            if (step.claim !== null) model.claimed.add(runId);
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
            expect(quota.spentMicros(payer, NOW_MS + index)).toBe(model.usedMicros(payer));
            expect(model.runningCount(payer)).toBeLessThanOrEqual(CONCURRENT_MAX);
          }
        });
      }),
      { numRuns: 300 },
    );
  });
});
