import { z } from 'zod';
import { triggerSchema } from './events-usage.js';
import { LOG_PAGE_DEFAULT, LOG_PAGE_MAX, logLevelSchema, traceSpanSchema, workflowStateSchema } from './logs-api.js';
import { readDecimal } from './query-values.js';
import {
  refuseInverted,
  v2Cursor,
  v2Dollars,
  v2Duration,
  v2Flag,
  v2Instant,
  v2List,
  v2Page,
  v2Text,
  v2Word,
} from './v2-values.js';

/** The v2 Logs API (contract B5.3): what may be asked, what is answered. */
const at = z.iso.datetime();

/** How far a run is. Attempts that were refused (402, 429) are failed runs that cost nothing. */
export const v2RunStatusSchema = z.enum([
  'pending',
  'running',
  'paused',
  'redacting',
  'completed',
  'failed',
  'cancelled',
]);
export type V2RunStatus = z.infer<typeof v2RunStatusSchema>;

/** Any number; out of range it is clamped, a fraction is cut (contract B5.3). */
const clampedLimit = v2Text('limit', 30)
  .transform((text, context) => {
    const limit = readDecimal(text);
    if (limit) return Math.min(LOG_PAGE_MAX, Math.max(1, Math.trunc(limit.approximate)));
    context.issues.push({ code: 'custom', message: 'limit must be a number', input: text });
    return z.NEVER;
  })
  .default(LOG_PAGE_DEFAULT);

const statusList = v2List('status', 10)
  .refine((words) => words.every((word) => v2RunStatusSchema.safeParse(word).success), {
    error: `status must be a comma list of ${v2RunStatusSchema.options.join(', ')}`,
  })
  .transform((words) => words as V2RunStatus[]);

export const v2LogListQuerySchema = z
  .strictObject({
    workspaceId: v2Text('workspaceId'),
    workflowIds: v2List('workflowIds', 200).optional(),
    folderPaths: v2List('folderPaths', 100).optional(),
    triggers: v2List('triggers', 100).optional(),
    level: v2Word('level', logLevelSchema.options).optional(),
    status: statusList.optional(),
    startDate: v2Instant('startDate').optional(),
    endDate: v2Instant('endDate').optional(),
    runId: v2Text('runId').optional(),
    minDurationMs: v2Duration('minDurationMs').optional(),
    maxDurationMs: v2Duration('maxDurationMs').optional(),
    minCost: v2Dollars('minCost', 'up').optional(),
    maxCost: v2Dollars('maxCost', 'down').optional(),
    model: v2Text('model', 200).optional(),
    workflowName: v2Text('workflowName', 200).optional().describe('a part of the name, in any case'),
    details: v2Word('details', ['basic', 'full']).default('basic'),
    includeTraceSpans: v2Flag('includeTraceSpans').optional().describe('implies details=full'),
    includeFinalOutput: v2Flag('includeFinalOutput').optional().describe('implies details=full'),
    includeHandledErrors: v2Flag('includeHandledErrors').optional().describe('runs here have none'),
    includeJobRuns: v2Flag('includeJobRuns').optional().describe('there are none here'),
    sortBy: v2Word('sortBy', ['startedAt']).default('startedAt'),
    sortOrder: v2Word('sortOrder', ['asc', 'desc']).optional(),
    order: v2Word('order', ['asc', 'desc']).optional().describe('the older name of sortOrder'),
    limit: clampedLimit,
    cursor: v2Cursor(),
  })
  .superRefine((query, context) => {
    refuseInverted(context, [
      [query.startDate, query.endDate, ['startDate', 'endDate']],
      [query.minDurationMs, query.maxDurationMs, ['minDurationMs', 'maxDurationMs']],
      [query.minCost, query.maxCost, ['minCost', 'maxCost']],
    ]);
    if (query.order !== undefined && query.sortOrder !== undefined && query.order !== query.sortOrder) {
      context.addIssue({ code: 'custom', path: ['order'], message: 'order must not differ from sortOrder' });
    }
  });
export type V2LogListQuery = z.output<typeof v2LogListQuerySchema>;

const cost = z.object({ total: z.number() }).nullable();

export const v2LogEntrySchema = z.object({
  kind: z.literal('workflow'),
  runId: z.string(),
  workflowId: z.string().nullable(),
  deploymentVersionId: z.string().nullable(),
  status: v2RunStatusSchema,
  level: logLevelSchema,
  trigger: triggerSchema,
  startedAt: at,
  endedAt: at.nullable(),
  totalDurationMs: z.number().nullable(),
  cost,
  files: z.null(),
  hasHandledErrors: z.literal(false),
  workflow: z
    .object({ id: z.string().nullable(), name: z.string(), description: z.string().nullable(), deleted: z.boolean() })
    .optional(),
  finalOutput: z.unknown().optional(),
  traceSpans: z.array(traceSpanSchema).optional(),
});
export type V2LogEntry = z.infer<typeof v2LogEntrySchema>;
export const v2LogListSchema = v2Page(v2LogEntrySchema);

export const v2LogDetailSchema = z.object({
  data: v2LogEntrySchema
    .omit({ kind: true, hasHandledErrors: true, workflow: true, finalOutput: true, traceSpans: true, cost: true })
    .extend({
      executedByEmail: z.string().nullable().describe('null when a workspace key ran it'),
      workflow: z.object({
        id: z.string().nullable(),
        name: z.string(),
        description: z.string().nullable(),
        folderPath: z.string().nullable(),
        ownerEmail: z.string().nullable(),
        workspaceId: z.string().nullable(),
        createdAt: at.nullable(),
        updatedAt: at.nullable(),
        deleted: z.boolean(),
      }),
      workflowState: workflowStateSchema.nullable(),
      traceSpans: z.array(traceSpanSchema),
      finalOutput: z.unknown(),
      workflowInput: z.unknown(),
      error: z.object({ code: z.string(), message: z.string() }).nullable(),
      cost: z
        .object({
          total: z.number(),
          items: z
            .array(z.object({ category: z.enum(['fixed', 'tool']), description: z.string(), cost: z.number() }))
            .nullable(),
        })
        .nullable(),
      client: z.object({ name: z.string().nullable(), version: z.string().nullable() }),
      createdAt: at,
    }),
});
export type V2LogDetail = z.infer<typeof v2LogDetailSchema>['data'];
