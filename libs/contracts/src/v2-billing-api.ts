import { z } from 'zod';
import { planSchema } from './events-control.js';
import { refuseInverted, v2Cursor, v2Instant, v2Limit, v2Page, v2Text, v2Word } from './v2-values.js';

/** The v2 billing routes (contract B6). A credit is half a cent. */
const at = z.iso.datetime();
export const MICROS_PER_CREDIT = 5_000;

/** What the ledger has is runs; the other sources of Sim's ledger are legal to ask for and find nothing. */
export const V2_USAGE_SOURCES = [
  'workflow',
  'wand',
  'sim-chat',
  'mcp_copilot',
  'mothership_block',
  'knowledge-base',
  'voice-input',
  'enrichment',
  'voice-output',
  'api-tool',
] as const;

export const v2BillingStatusQuerySchema = z.strictObject({ workspaceId: v2Text('workspaceId').optional() });

export const v2BillingStatusSchema = z.object({
  data: z.object({
    workspaceId: z.string().nullable(),
    period: z.object({ start: at, end: at }),
    plan: planSchema,
    status: z.enum(['active', 'limit_exceeded', 'billing_blocked']),
    credits: z
      .object({ used: z.number(), limit: z.number(), remaining: z.number() })
      .nullable()
      .describe('null unless the caller is the payer'),
    storage: z.object({ usedBytes: z.int(), limitBytes: z.int(), percentUsed: z.number() }).nullable(),
  }),
});
export type V2BillingStatus = z.infer<typeof v2BillingStatusSchema>['data'];

export const v2BillingLogsQuerySchema = z
  .strictObject({
    source: v2Word('source', V2_USAGE_SOURCES).optional(),
    workspaceId: v2Text('workspaceId').optional(),
    period: v2Word('period', ['1d', '7d', '30d', 'all', 'custom']).default('30d'),
    startDate: v2Instant('startDate').optional(),
    endDate: v2Instant('endDate').optional(),
    limit: v2Limit(),
    cursor: v2Cursor(),
  })
  .superRefine(({ period, startDate, endDate }, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (period === 'custom' && startDate === undefined) refuse('startDate', 'startDate is required with period=custom');
    if (period !== 'custom' && startDate !== undefined) refuse('startDate', 'startDate requires period=custom');
    if (period !== 'custom' && endDate !== undefined) refuse('endDate', 'endDate requires period=custom');
    refuseInverted(context, [[startDate, endDate, ['startDate', 'endDate']]]);
  });
export type V2BillingLogsQuery = z.output<typeof v2BillingLogsQuerySchema>;

export const v2UsageEventSchema = z.object({
  id: z.string(),
  createdAt: at,
  source: z.literal('workflow'),
  workspaceId: z.string().nullable(),
  workflow: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
  runId: z.string().nullable(),
  creditCost: z.int().describe("the page's costs sum exactly to the page's rounded total"),
});
export type V2UsageEvent = z.infer<typeof v2UsageEventSchema>;
export const v2BillingLogsSchema = v2Page(v2UsageEventSchema).extend({ scope: z.enum(['user', 'workspace']) });
