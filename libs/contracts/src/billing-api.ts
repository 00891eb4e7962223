import { z } from 'zod';
import { keyKindSchema, planSchema } from './events-control.js';
import { decimalToMicros } from './money.js';

/** Longest window of a report or a reconciliation. */
export const BILLING_WINDOW_DAYS_MAX = 400;
/** Most groups in one report. */
export const REPORT_ROWS_MAX = 10_000;
/** Most run ids that a reconciliation names on each side; its counts are exact all the same. */
export const RECONCILIATION_IDS_MAX = 1_000;
/** Dearest base price of one run, in dollars: more is a typing mistake. */
export const BASE_PER_RUN_DOLLARS_MAX = 1_000_000;

/** Year 10000 in UTC: from there on dates are written differently. */
const YEAR_10000_MS = Date.UTC(10_000, 0, 1);
const FRACTION_TOO_FINE = /\.\d{4,}/;
const instant = z.iso.datetime({ offset: true });

/** Milliseconds since 1970 of a UTC date or an ISO 8601 instant with at most milliseconds; undefined for anything else. */
export function momentMs(text: string, { dates = true } = {}): number | undefined {
  const isDate = dates && z.iso.date().safeParse(text).success;
  if (!isDate && (!instant.safeParse(text).success || FRACTION_TOO_FINE.test(text))) return undefined;
  const ms = Date.parse(text);
  return ms >= 0 && ms < YEAR_10000_MS ? ms : undefined;
}

/** One end of a window as the query has it; milliseconds when checked. */
const moment = (field: 'from' | 'to', meaning: string) =>
  z
    .string({ error: `${field} must be given once` })
    .describe(`${meaning}: a UTC date (2026-11-01) or an ISO 8601 instant (2026-11-01T00:00:00Z)`)
    .transform((text, context) => {
      const ms = momentMs(text);
      if (ms !== undefined) return ms;
      const message = `${field} must be a UTC date (2026-11-01) or an ISO 8601 instant (2026-11-01T00:00:00Z)`;
      context.issues.push({ code: 'custom', message, input: text });
      return z.NEVER;
    })
    .optional();

const window = {
  from: moment('from', 'First instant of the window; default: begin of the UTC month that the window ends in'),
  to: moment('to', 'First instant after the window; default: now'),
};

export const reportGroupSchema = z.enum(['day', 'workspace', 'key', 'workflow'], {
  error: 'groupBy must be day, workspace, key or workflow',
});
export type ReportGroup = z.infer<typeof reportGroupSchema>;
/** What the rows of days can be split by. */
export type ReportSplit = Exclude<ReportGroup, 'day'>;

export const reportQuerySchema = z
  .object({
    ...window,
    groupBy: reportGroupSchema.default('day'),
    splitBy: z
      .enum(['workspace', 'key', 'workflow'], { error: 'splitBy must be workspace, key or workflow' })
      .optional()
      .describe('With groupBy=day: a row for each day and workspace, key or workflow'),
    format: z.enum(['json', 'csv'], { error: 'format must be json or csv' }).default('json'),
  })
  .refine(({ groupBy, splitBy }) => splitBy === undefined || groupBy === 'day', {
    path: ['splitBy'],
    error: 'splitBy goes with groupBy=day alone',
  });

/** Exact dollars with 6 places (contract A3). */
const money = z.string().regex(/^\d+\.\d{6}$/);
const count = z.int().min(0);
const sums = { requests: count, durationMs: count, cost: money };
const asOf = {
  /** Position of the usage log up to which it counts; digits. */
  position: z.string(),
};

const day = { day: z.iso.date() };
const workspace = { workspaceId: z.string(), workspaceName: z.string() };
/** All null: runs that were started without a key. */
const key = { keyId: z.string().nullable(), keyName: z.string().nullable(), keyType: keyKindSchema.nullable() };
const workflow = { workflowId: z.string(), workflowName: z.string() };

export const reportRowSchemas = {
  day: z.object({ ...day, ...sums }),
  workspace: z.object({ ...workspace, ...sums }),
  key: z.object({ ...key, ...sums }),
  workflow: z.object({ ...workflow, ...sums }),
} as const;
/** Rows of days that are split. */
export const reportSplitRowSchemas = {
  workspace: z.object({ ...day, ...workspace, ...sums }),
  key: z.object({ ...day, ...key, ...sums }),
  workflow: z.object({ ...day, ...workflow, ...sums }),
} as const;

/** Contract A3, `GET /api/billing/reports`. */
export const reportSchema = z.object({
  owner: z.object({ id: z.string(), name: z.string(), email: z.string() }),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  currency: z.literal('USD'),
  rows: z.union([
    z.array(reportSplitRowSchemas.workspace),
    z.array(reportSplitRowSchemas.key),
    z.array(reportSplitRowSchemas.workflow),
    z.array(reportRowSchemas.day),
    z.array(reportRowSchemas.workspace),
    z.array(reportRowSchemas.key),
    z.array(reportRowSchemas.workflow),
  ]),
  total: z.object(sums),
  /** `at`: when the newest counted event happened; null before the first. */
  asOf: z.object({ ...asOf, at: z.iso.datetime().nullable() }),
});
export type Report = z.infer<typeof reportSchema>;
export type ReportRow = Report['rows'][number];

export const reconciliationQuerySchema = z.object(window);

/** Contract A3, `GET /api/billing/reconciliation`; `runsCost` and `billedCost` are ours. */
export const reconciliationSchema = z.object({
  /** Billable runs in the run log. */
  runs: count,
  /** Runs in the ledger. */
  billed: count,
  /** How many runs are wrong: all that `missing` and `extra` stand for. */
  difference: count,
  /** Runs in the log that are not in the ledger as the log has them. */
  missing: z.array(z.string()),
  /** Ledger rows that no run of the log accounts for. */
  extra: z.array(z.string()),
  runsCost: money,
  billedCost: money,
  /** `complete` false: a feed lags, and runs after `position` are not compared yet. */
  asOf: z.object({ ...asOf, at: z.iso.datetime(), complete: z.boolean() }),
});
export type Reconciliation = z.infer<typeof reconciliationSchema>;

const bucket = z.object({
  isLimited: z.boolean(),
  /** The bucket's capacity, the name that the 2025 clients read (contract B4). */
  limit: count,
  requestsPerMinute: count,
  maxBurst: count,
  remaining: count,
  resetAt: z.iso.datetime(),
});

/** Contract B4, `GET /api/users/me/usage-limits`. */
export const usageLimitsSchema = z.object({
  success: z.literal(true),
  rateLimit: z.object({ sync: bucket, async: bucket, authType: z.enum(['api', 'manual']) }),
  usage: z.object({ currentPeriodCost: z.number(), limit: z.number(), plan: planSchema }),
  storage: z.object({ usedBytes: count, limitBytes: count, percentUsed: z.number() }),
});
export type UsageLimits = z.infer<typeof usageLimitsSchema>;

/** Contract A3, `PUT /api/v1/admin/prices`. */
export const announcePriceSchema = z.strictObject({
  from: z.string({ error: 'from is required: an ISO 8601 instant' }).transform((text, context) => {
    const ms = momentMs(text, { dates: false });
    if (ms !== undefined) return ms;
    context.issues.push({ code: 'custom', message: 'from must be an ISO 8601 instant', input: text });
    return z.NEVER;
  }),
  /** Dollars as a decimal string; micro-dollars when checked. */
  basePerRun: z
    .string({ error: 'basePerRun is required: dollars as a decimal string like "0.005"' })
    .transform((text, context) => {
      const micros = decimalToMicros(text);
      if (micros !== undefined && micros <= BASE_PER_RUN_DOLLARS_MAX * 1_000_000) return micros;
      const message = `basePerRun must be dollars like "0.005", at most 6 decimals and ${BASE_PER_RUN_DOLLARS_MAX}`;
      context.issues.push({ code: 'custom', message, input: text });
      return z.NEVER;
    }),
});

export const announcedPriceSchema = z.object({
  success: z.literal(true),
  /** `from` is when it takes effect: never before it was announced. */
  price: z.object({ id: z.string(), from: z.iso.datetime(), basePerRun: money }),
});
