import type { AdmissionRequest } from './admission.js';
import { MemoryAdmission, MemoryCounters, MemoryQuota } from './memory-admission.js';
import { parsePlans } from './plans.js';

const NOW_MS = Date.UTC(2026, 10, 10);
const wide = { syncPerMinute: 'off', asyncPerMinute: 'off', concurrentRuns: 'off' } as const;

function platform(free: object = wide) {
  const counters = new MemoryCounters({ plans: parsePlans(JSON.stringify({ free })), now: () => NOW_MS });
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
  return { admission, quota, admit, spent: () => quota.spentMicros('u1', NOW_MS) };
}

describe('a run that waits in a queue', () => {
  it('holds its part of the budget but no place among the running, until it starts', () => {
    const { admit, admission, spent } = platform({ ...wide, concurrentRuns: 1 });
    admit({ runId: 'sync' });
    expect(admit({ runId: 'queued', stage: 'queue', usageLimitMicros: 12_000 }).outcome).toBe('admitted');
    expect(spent()).toBe(10_000);
    expect(admit({ stage: 'queue', usageLimitMicros: 12_000 }).outcome).toBe('overBudget');

    expect(admit({ runId: 'queued', stage: 'start' }).outcome).toBe('tooManyConcurrent');
    admission.finish('sync', 'u1', 5_000);
    expect(admit({ runId: 'queued', stage: 'start' }).outcome).toBe('admitted');
    expect(admit({ runId: 'queued', stage: 'start' }).outcome).toBe('admitted');
    expect(spent()).toBe(10_000);
    expect(admit().outcome).toBe('tooManyConcurrent');

    admission.finish('queued', 'u1', 7_000);
    expect(spent()).toBe(12_000);
    expect(admit().outcome).toBe('admitted');
  });

  it('takes a token when it is queued and none when it starts, and gives its budget back when it is taken out', () => {
    const { admit, admission, quota, spent } = platform({ ...wide, syncPerMinute: 1 });
    admit({ runId: 'queued', stage: 'queue' });
    admit({ runId: 'queued', stage: 'start' });
    expect(quota.peek({ bucket: 'sync', bucketId: 'u1', plan: 'free', nowMs: NOW_MS })?.remaining).toBe(1);
    admit({ runId: 'other', stage: 'queue' });
    admission.finish('other', 'u1', 0);
    expect(spent()).toBe(5_000);
  });

  it('starts although its budget is used up meanwhile, and although the counters were lost', () => {
    const { admit } = platform();
    expect(admit({ runId: 'queued', stage: 'start', usageLimitMicros: 0 }).outcome).toBe('admitted');
  });
});
