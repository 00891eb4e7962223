import { BUILT_IN_PLANS, parsePlans, rateOf, usageLimitOf } from './plans.js';

describe('the plans', () => {
  it("are contract B4's table and B6's free allowance", () => {
    const rows = Object.entries(BUILT_IN_PLANS.limits).map(([plan, of]) => [
      plan,
      of.syncPerMinute,
      of.asyncPerMinute,
      of.apiPerMinute,
      of.concurrentRuns,
      of.syncTimeoutMs! / 60_000,
      of.asyncTimeoutMs! / 60_000,
      of.allowanceMicros,
      of.logDays,
    ]);
    expect(rows).toEqual([
      ['free', 50, 200, 30, 10, 5, 90, 5_000_000, 7],
      ['pro', 150, 1000, 100, 50, 50, 90, null, null],
      ['max', 300, 2500, 200, 200, 50, 90, null, null],
      ['team', 300, 2500, 200, 200, 50, 90, null, null],
      ['enterprise', 600, 5000, 500, 1000, 50, 90, null, null],
    ]);
  });

  it('take from a file what it names, and `off` for each', () => {
    const off = { syncPerMinute: 'off', asyncPerMinute: 'off', apiPerMinute: 'off', concurrentRuns: 'off' };
    const more = { syncTimeoutMs: 'off', asyncTimeoutMs: 'off', allowanceUsd: 'off', logDays: 'off' };
    const plans = parsePlans(
      JSON.stringify({ free: { ...off, ...more }, team: { apiPerMinute: 7, allowanceUsd: '0.25' } }),
    );
    expect(new Set(Object.values(plans.limits.free))).toEqual(new Set([null]));
    expect(plans.limits.team).toEqual({ ...BUILT_IN_PLANS.limits.team, apiPerMinute: 7, allowanceMicros: 250_000 });
    expect(plans.limits.max).toEqual(BUILT_IN_PLANS.limits.max);
    expect(parsePlans(undefined)).toEqual(BUILT_IN_PLANS);
  });

  it.each([
    ['{', 'PLANS_FILE is not valid JSON'],
    ['[]', '(root)'],
    ['{"gold":{}}', 'gold'],
    ['{"free":{"perMinute":5}}', 'free: Unrecognized key: "perMinute"'],
    ['{"free":{"syncPerMinute":0}}', 'free.syncPerMinute: must be 1 to 1000000 or "off"'],
    ['{"free":{"syncPerMinute":1.5,"apiPerMinute":"on"}}', 'free.apiPerMinute: must be 1 to 1000000 or "off"'],
    ['{"pro":{"concurrentRuns":"5"}}', 'pro.concurrentRuns: must be'],
    ['{"pro":{"allowanceUsd":5}}', 'pro.allowanceUsd: must be dollars like "5.00" or "off"'],
    ['{"pro":{"allowanceUsd":"-5"}}', 'pro.allowanceUsd: must be dollars like "5.00" or "off"'],
    ['{"pro":{"syncTimeoutMs":999}}', 'pro.syncTimeoutMs: must be 1000 to 604800000 or "off"'],
  ])('refuse %s by naming the field', (json, message) => {
    expect(() => parsePlans(json)).toThrow(message);
  });

  it('limit nothing without billing, except how long a run may take', () => {
    const plans = parsePlans(undefined, false);
    for (const bucket of ['sync', 'async', 'api'] as const) expect(rateOf(plans, 'free', bucket)).toBeNull();
    expect(plans.limits.free).toMatchObject({ concurrentRuns: null, allowanceMicros: null, syncTimeoutMs: 300_000 });
    expect(usageLimitOf(plans, 'free', 1_000)).toBeNull();
  });

  it("put the operator's own limit before the allowance", () => {
    expect(usageLimitOf(BUILT_IN_PLANS, 'free', null)).toBe(5_000_000);
    expect(usageLimitOf(BUILT_IN_PLANS, 'free', 0)).toBe(0);
    expect(usageLimitOf(BUILT_IN_PLANS, 'enterprise', 9)).toBe(9);
    expect(usageLimitOf(BUILT_IN_PLANS, 'enterprise', null)).toBeNull();
  });
});
