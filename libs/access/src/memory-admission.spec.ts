import type { AdmissionRequest } from './admission.js';
import { MemoryAdmission, MemoryCounters, MemoryQuota } from './memory-admission.js';
import type { MemoryCountersOptions } from './memory-admission.js';
import { parsePlans } from './plans.js';

const NOW_MS = Date.UTC(2026, 10, 10);
const HOUR_MS = 3_600_000;
const wide = { syncPerMinute: 'off', asyncPerMinute: 'off', concurrentRuns: 'off' } as const;

function platform(free: object = wide, options: Partial<MemoryCountersOptions> = {}) {
  const counters = new MemoryCounters({ plans: parsePlans(JSON.stringify({ free })), now: () => NOW_MS, ...options });
  const admission = new MemoryAdmission(counters);
  const quota = new MemoryQuota(counters);
  let count = 0;
  const admit = (request: Partial<AdmissionRequest> = {}) =>
    admission.admit({
      runId: `run-${(count += 1)}`,
      runIdClaimed: false,
      payerUserId: 'u1',
      plan: 'free',
      usageLimitMicros: null,
      bucketId: 'u1',
      bucket: 'sync',
      reserveMicros: 5_000,
      nowMs: NOW_MS,
      ...request,
    });
  const settle = (totalMicros: number, position: number, runIds: string[] = [], period = '2026-11') =>
    admission.settle([{ payerUserId: 'u1', period, totalMicros, runIds, position: BigInt(position) }]);
  return { counters, admission, quota, admit, settle, spent: (nowMs = NOW_MS) => quota.spentMicros('u1', nowMs) };
}

describe('the budget', () => {
  it('is never overrun by 50 runs at its edge', () => {
    const { admit, admission, spent } = platform();
    const answers = Array.from({ length: 50 }, () => admit({ usageLimitMicros: 100_000 }));
    expect(answers.filter(({ outcome }) => outcome === 'admitted')).toHaveLength(20);
    expect(answers.at(-1)).toEqual({ outcome: 'overBudget', usedMicros: 100_000, limitMicros: 100_000 });
    for (let run = 1; run <= 20; run++) admission.finish(`run-${run}`, 'u1', 5_000);
    expect(admit({ usageLimitMicros: 100_000 }).outcome).toBe('overBudget');
    expect(spent()).toBe(100_000);
  });

  it("is the plan's allowance of $5: exactly 1,000 runs", () => {
    const { admit } = platform();
    for (let run = 0; run < 1_000; run++) expect(admit().outcome).toBe('admitted');
    expect(admit()).toEqual({ outcome: 'overBudget', usedMicros: 5_000_000, limitMicros: 5_000_000 });
  });

  it('gives back what was reserved and not used', () => {
    const { admit, admission, spent } = platform();
    admit({ runId: 'a', usageLimitMicros: 5_000 });
    expect(admit({ usageLimitMicros: 5_000 }).outcome).toBe('overBudget');
    admission.finish('a', 'u1', 0);
    expect(spent()).toBe(0);
    expect(admit({ usageLimitMicros: 5_000 }).outcome).toBe('admitted');
  });

  it('counts what a run cost until billing has it in its total, and not twice then', () => {
    const { admit, admission, settle, spent } = platform();
    admit({ runId: 'a' });
    admission.finish('a', 'u1', 7_000);
    expect(spent()).toBe(7_000);
    settle(7_000, 1, ['a']);
    expect(spent()).toBe(7_000);
    admit({ runId: 'b' });
    settle(12_000, 2, ['b']);
    expect(spent()).toBe(12_000);
    admission.finish('b', 'u1', 5_000);
    admission.finish('b', 'u1', 5_000);
    expect(spent()).toBe(12_000);
  });

  it('holds what a run cost although another payer has settled one of the same id', () => {
    const { admission, spent } = platform();
    admission.settle([{ payerUserId: 'u2', period: '2026-11', totalMicros: 5_000, runIds: ['a'], position: 1n }]);
    admission.finish('a', 'u1', 5_000);
    expect(spent()).toBe(5_000);
  });

  it('takes no older total over a newer one, but releases the runs of both', () => {
    const { admit, admission, settle, spent } = platform();
    for (const runId of ['a', 'b']) {
      admit({ runId });
      admission.finish(runId, 'u1', 5_000);
    }
    settle(10_000, 2, ['b']);
    settle(5_000, 1, ['a']);
    expect(spent()).toBe(10_000);
  });

  it('holds after a restart what the gateway still has to deliver, unless billing has it already', () => {
    const { admission, settle, spent } = platform();
    admission.finish('waiting', 'u1', 5_000);
    settle(20_000, 9, ['delivered']);
    admission.finish('delivered', 'u1', 5_000);
    expect(spent()).toBe(25_000);
    settle(25_000, 10, ['waiting']);
    expect(spent()).toBe(25_000);
  });

  it('begins anew with the month in UTC; what goes on beyond it is billed to the old one', () => {
    const { admit, admission, settle, spent } = platform();
    const lastMs = Date.UTC(2026, 10, 30, 23, 59, 59, 999);
    admit({ runId: 'a', nowMs: lastMs, usageLimitMicros: 5_000 });
    expect(admit({ nowMs: lastMs, usageLimitMicros: 5_000 }).outcome).toBe('overBudget');
    expect(spent(lastMs + 1)).toBe(0);
    expect(admit({ runId: 'b', nowMs: lastMs + 1, usageLimitMicros: 5_000 }).outcome).toBe('admitted');
    admission.finish('a', 'u1', 5_000);
    settle(5_000, 1, ['a'], '2026-11');
    expect(spent(lastMs + 1)).toBe(5_000);
    settle(5_000, 2, ['b'], '2026-12');
    expect(spent(lastMs + 1)).toBe(5_000);
  });

  it('of one payer is not of another', () => {
    const { admit } = platform();
    expect(admit({ usageLimitMicros: 5_000 }).outcome).toBe('admitted');
    expect(admit({ usageLimitMicros: 5_000, payerUserId: 'u2' }).outcome).toBe('admitted');
  });

  it('of zero admits nothing, also what is free', () => {
    expect(platform().admit({ usageLimitMicros: 0, reserveMicros: 0 }).outcome).toBe('overBudget');
  });
});

describe('a claimed run id', () => {
  it('starts one run of its payer, also when it has ended; others do not learn of it', () => {
    const { admit, admission } = platform();
    expect(admit({ runId: 'mine', runIdClaimed: true }).outcome).toBe('admitted');
    expect(admit({ runId: 'mine', runIdClaimed: true })).toEqual({ outcome: 'runIdUsed' });
    admission.finish('mine', 'u1', 5_000);
    for (const outcome of ['admitted', 'runIdUsed']) {
      expect(admit({ runId: 'mine', runIdClaimed: true, payerUserId: 'u2' }).outcome).toBe(outcome);
    }
    expect(admit({ runId: 'mine', runIdClaimed: true, nowMs: NOW_MS + 24 * HOUR_MS - 1 }).outcome).toBe('runIdUsed');
  });

  it('is asked for before deployment, suspension, budget and rate', () => {
    const { admit } = platform();
    admit({ runId: 'mine', runIdClaimed: true });
    for (const precheck of ['notDeployed', 'suspended'] as const) {
      const request = { runIdClaimed: true, precheck, usageLimitMicros: 0 };
      expect(admit({ ...request, runId: 'mine' }).outcome).toBe('runIdUsed');
      expect(admit({ ...request, runId: 'other' })).toEqual({ outcome: precheck });
    }
  });

  it('is free again when the run was refused', () => {
    const { admit } = platform({ syncPerMinute: 1, concurrentRuns: 1 });
    const claim = { runId: 'mine', runIdClaimed: true };
    expect(admit({ ...claim, precheck: 'notDeployed' }).outcome).toBe('notDeployed');
    expect(admit({ ...claim, usageLimitMicros: 0 }).outcome).toBe('overBudget');
    expect(admit(claim).outcome).toBe('admitted');
  });

  it('of a run that the same payer has going under a generated id is refused', () => {
    const { admit } = platform();
    admit({ runId: 'generated' });
    expect(admit({ runId: 'generated', runIdClaimed: true }).outcome).toBe('runIdUsed');
  });

  it('is refused for want of room rather than forgotten too early', () => {
    const { admit, counters } = platform(wide, { claimsMax: 3 });
    for (const runId of ['a', 'b', 'c']) expect(admit({ runId, runIdClaimed: true }).outcome).toBe('admitted');
    expect(admit({ runId: 'd', runIdClaimed: true })).toEqual({ outcome: 'noRoom', retryAfterSeconds: 5 });
    expect(admit({ runId: 'generated' }).outcome).toBe('admitted');
    expect(admit({ runId: 'd', runIdClaimed: true, nowMs: NOW_MS + HOUR_MS }).outcome).toBe('admitted');
    expect(counters.claims.count).toBe(3);
  });

  it('can be claimed anew after a day, for a day', () => {
    const { admit, admission, counters } = platform(wide, { claimsMax: 1_000 });
    const claim = (runId: string, nowMs: number) => {
      const { outcome } = admit({ runId, runIdClaimed: true, nowMs });
      admission.finish(runId, 'u1', 0);
      return outcome;
    };
    for (let hour = 0; hour < 24 * 30; hour++) {
      const nowMs = NOW_MS + hour * HOUR_MS;
      expect(claim('daily', nowMs)).toBe(hour % 24 === 0 ? 'admitted' : 'runIdUsed');
      expect(claim(`hour-${hour}`, nowMs)).toBe('admitted');
    }
    expect(counters.claims.count).toBeLessThan(30);
  });
});

describe('rate and concurrency', () => {
  it('limit as the plan says, and a refusal takes no token', () => {
    const { admit, admission, quota } = platform({ syncPerMinute: 2, concurrentRuns: 3 });
    const rates = ['a', 'b', 'c'].map((runId) => admit({ runId }));
    expect(rates.map((answer) => 'rate' in answer && answer.rate?.remaining)).toEqual([3, 2, 1]);
    expect(admit()).toMatchObject({
      outcome: 'tooManyConcurrent',
      retryAfterSeconds: 5,
      rate: { remaining: 1, limit: 4 },
    });
    admission.finish('a', 'u1', 5_000);
    expect(admit()).toMatchObject({ outcome: 'admitted', rate: { remaining: 0 } });
    const limited = { outcome: 'rateLimited', retryAfterSeconds: 60, rate: { resetAtMs: NOW_MS + 60_000 } };
    expect(admit()).toMatchObject(limited);
    expect(quota.peek({ bucketId: 'u1', bucket: 'sync', plan: 'free', nowMs: NOW_MS })).toMatchObject({ remaining: 0 });
    expect(quota.peek({ bucketId: 'u1', bucket: 'async', plan: 'free', nowMs: NOW_MS })).toMatchObject({
      remaining: 400,
    });
  });

  it('are asked for after the budget', () => {
    const { admit } = platform({ syncPerMinute: 1, concurrentRuns: 1 });
    admit();
    expect(admit({ usageLimitMicros: 5_000 }).outcome).toBe('overBudget');
  });

  it('recover from a clock that was set back while the bucket was empty', () => {
    const { admit } = platform({ ...wide, syncPerMinute: 1 });
    admit();
    admit();
    expect(admit().outcome).toBe('rateLimited');
    const setBackMs = NOW_MS - 5 * HOUR_MS;
    expect(admit({ nowMs: setBackMs }).outcome).toBe('rateLimited');
    expect(admit({ nowMs: setBackMs + 60_000 }).outcome).toBe('admitted');
  });

  it('of the API routes draw from a bucket of their own', () => {
    const { quota } = platform({ apiPerMinute: 1 });
    const request = { bucketIds: ['w1'], bucket: 'api', plan: 'free', nowMs: NOW_MS } as const;
    expect(quota.take(request)).toMatchObject({ allowed: true, rate: { remaining: 1 } });
    expect(quota.take(request)).toMatchObject({ allowed: true, rate: { remaining: 0 } });
    expect(quota.take(request)).toMatchObject({ allowed: false, retryAfterSeconds: 60 });
    expect(quota.take({ ...request, bucketIds: ['w2'] })).toMatchObject({ allowed: true });
  });

  it('keep a bounded number of buckets and forget full ones first', () => {
    const { admit, counters } = platform({ ...wide, syncPerMinute: 1 }, { bucketsMax: 10 });
    for (let caller = 0; caller < 10; caller++) admit({ bucketId: `old-${caller}` });
    admit({ bucketId: 'busy', nowMs: NOW_MS + 120_000 });
    admit({ bucketId: 'busy', nowMs: NOW_MS + 120_000 });
    expect(counters.buckets.count).toBe(1);
    for (let caller = 0; caller < 1_000; caller++) admit({ bucketId: `new-${caller}`, nowMs: NOW_MS + 121_000 });
    expect(counters.buckets.count).toBeLessThanOrEqual(10);
  });
});

describe('without billing', () => {
  it('nothing is limited, and everything is still counted', () => {
    const { admit, quota, spent } = platform(wide, { plans: parsePlans(undefined, false) });
    for (let run = 0; run < 2_000; run++) {
      expect(admit({ usageLimitMicros: 1 })).toEqual({ outcome: 'admitted', rate: null });
    }
    expect(spent()).toBe(2_000 * 5_000);
    expect(quota.take({ bucketIds: ['u1'], bucket: 'api', plan: 'free', nowMs: NOW_MS })).toMatchObject({
      allowed: true,
    });
  });
});

describe('when a run could not be kept', () => {
  it('it is refused last, after budget and rate, and its id, token and budget stay free', () => {
    const { admit, spent } = platform({ ...wide, syncPerMinute: 1 });
    const noRoom = { runId: 'chosen', runIdClaimed: true, hasRoom: false };
    expect(admit({ usageLimitMicros: 4_999, hasRoom: false }).outcome).toBe('overBudget');
    for (let n = 0; n < 5; n++) expect(admit(noRoom)).toEqual({ outcome: 'noRoom', retryAfterSeconds: 5 });
    expect(spent()).toBe(0);
    expect([{ ...noRoom, hasRoom: true }, {}, { hasRoom: false }].map((request) => admit(request).outcome)).toEqual([
      'admitted',
      'admitted',
      'rateLimited',
    ]);
  });
});

describe('when billing is far behind', () => {
  it('payers with a limit are refused for want of room, the others run on', () => {
    const { admit, admission } = platform({ ...wide, allowanceUsd: 'off' }, { holdsMax: 2 });
    for (const runId of ['a', 'b', 'c']) {
      expect(admit({ runId }).outcome).toBe('admitted');
      admission.finish(runId, 'u1', 5_000);
    }
    const limited = { payerUserId: 'u2', usageLimitMicros: 1_000_000 };
    expect(admit(limited)).toEqual({ outcome: 'noRoom', retryAfterSeconds: 5 });
    admission.settle([{ payerUserId: 'u1', period: '2026-11', totalMicros: 15_000, runIds: ['a'], position: 1n }]);
    expect(admit(limited).outcome).toBe('admitted');
  });
});
