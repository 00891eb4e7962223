import { decimalToMicros, planSchema } from '@tollgate/contracts';
import type { Plan } from '@tollgate/contracts';
import { z } from 'zod';
import type { BucketName } from './admission.js';

/** What a plan gives. Null is `off`: no such limit. */
export interface PlanLimits {
  syncPerMinute: number | null;
  asyncPerMinute: number | null;
  apiPerMinute: number | null;
  concurrentRuns: number | null;
  syncTimeoutMs: number | null;
  asyncTimeoutMs: number | null;
  /** What may be used in a billing period before 402. */
  allowanceMicros: number | null;
  /** How many days back runs are shown in the log. */
  logDays: number | null;
}

/** The plans in force. With `billing` false nothing is limited but a run's time, which guards the machine, not the bill. */
export interface Plans {
  readonly billing: boolean;
  readonly limits: Readonly<Record<Plan, Readonly<PlanLimits>>>;
}

const minutes = (count: number) => count * 60_000;
const paidTimes = { syncTimeoutMs: minutes(50), asyncTimeoutMs: minutes(90), allowanceMicros: null, logDays: null };
const max = { syncPerMinute: 300, asyncPerMinute: 2500, apiPerMinute: 200, concurrentRuns: 200, ...paidTimes };

/** Contract B4's table, B6's free allowance of $5, and B5's seven days of log. No usage limit is stated for the paid plans: `off`. */
const TABLE: Record<Plan, PlanLimits> = {
  free: {
    syncPerMinute: 50,
    asyncPerMinute: 200,
    apiPerMinute: 30,
    concurrentRuns: 10,
    syncTimeoutMs: minutes(5),
    asyncTimeoutMs: minutes(90),
    allowanceMicros: 5_000_000,
    logDays: 7,
  },
  pro: { syncPerMinute: 150, asyncPerMinute: 1000, apiPerMinute: 100, concurrentRuns: 50, ...paidTimes },
  max,
  team: max,
  enterprise: { syncPerMinute: 600, asyncPerMinute: 5000, apiPerMinute: 500, concurrentRuns: 1000, ...paidTimes },
};

export const BUILT_IN_PLANS: Plans = plansOf(TABLE, true);

/** A whole number in its bounds, or `"off"`. */
function limit(min: number, max: number) {
  const isLimit = (value: unknown) =>
    value === 'off' || (Number.isInteger(value) && (value as number) >= min && (value as number) <= max);
  return z
    .custom<number | 'off'>(isLimit, { error: `must be ${min} to ${max} or "off"` })
    .transform((value) => (value === 'off' ? null : value));
}

/** A million a minute or at once, and a week of run time: more is a typing mistake, `off` says "no limit". */
const count = limit(1, 1_000_000);
const timeoutMs = limit(1_000, minutes(7 * 24 * 60));
const dollars = z
  .custom<string>((value) => value === 'off' || (typeof value === 'string' && decimalToMicros(value) !== undefined), {
    error: 'must be dollars like "5.00" or "off"',
  })
  .transform((value) => (value === 'off' ? null : decimalToMicros(value)!));

const planFileSchema = z.partialRecord(
  planSchema,
  z
    .strictObject({
      syncPerMinute: count,
      asyncPerMinute: count,
      apiPerMinute: count,
      concurrentRuns: count,
      syncTimeoutMs: timeoutMs,
      asyncTimeoutMs: timeoutMs,
      allowanceUsd: dollars,
      logDays: limit(1, 36_500),
    })
    .partial(),
);

/**
 * The plans that a `PLANS_FILE` makes (contract A5): what it names replaces the built-in number, `"off"` is legal for
 * each, money is a decimal string of dollars. Throws one Error that names every faulty field.
 */
export function parsePlans(json: string | undefined, billing = true): Plans {
  if (json === undefined) return plansOf(TABLE, billing);
  let file: unknown;
  try {
    file = JSON.parse(json);
  } catch (cause) {
    throw new Error('PLANS_FILE is not valid JSON', { cause });
  }
  const read = planFileSchema.safeParse(file);
  if (!read.success) {
    const faults = read.error.issues.map((issue) => `${issue.path.join('.') || '(root)'}: ${issue.message}`);
    throw new Error(`PLANS_FILE: ${faults.join('; ')}`);
  }
  const table = { ...TABLE };
  for (const [plan, { allowanceUsd, ...limits }] of Object.entries(read.data) as [
    Plan,
    NonNullable<(typeof read.data)[Plan]>,
  ][]) {
    table[plan] = { ...table[plan], ...limits, ...(allowanceUsd !== undefined && { allowanceMicros: allowanceUsd }) };
  }
  return plansOf(table, billing);
}

function plansOf(table: Record<Plan, PlanLimits>, billing: boolean): Plans {
  const unlimited = {
    syncPerMinute: null,
    asyncPerMinute: null,
    apiPerMinute: null,
    concurrentRuns: null,
    allowanceMicros: null,
    logDays: null,
  };
  const limits = Object.fromEntries(
    Object.entries(table).map(([plan, each]) => [plan, Object.freeze(billing ? each : { ...each, ...unlimited })]),
  ) as unknown as Plans['limits'];
  return Object.freeze({ billing, limits: Object.freeze(limits) });
}

/** Calls without a usable key a minute and address; twice as many at once (contract B4 "pre-auth"). */
export const ADDRESS_PER_MINUTE = 300;

/** Requests a minute of a plan's bucket; null: not limited. */
export function rateOf(plans: Plans, plan: Plan, bucket: BucketName): number | null {
  const limits = plans.limits[plan];
  switch (bucket) {
    case 'sync':
      return limits.syncPerMinute;
    case 'async':
      return limits.asyncPerMinute;
    case 'api':
      return limits.apiPerMinute;
    case 'address':
      return ADDRESS_PER_MINUTE;
  }
}

/** What a payer may use in a period: the operator's own limit for him, else his plan's allowance; null: no limit. */
export function usageLimitOf(plans: Plans, plan: Plan, ownLimitMicros: number | null): number | null {
  if (!plans.billing) return null;
  return ownLimitMicros ?? plans.limits[plan].allowanceMicros;
}
