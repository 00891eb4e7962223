import { z } from 'zod';
import { EXECUTION_ID_PATTERN, ofEveryExecute } from './execute-api.js';
import { triggerSchema } from './events-usage.js';
import { refuseInverted, v2Cursor, v2Flag, v2Instant, v2Limit, v2List, v2Page, v2Text, v2Word } from './v2-values.js';
import { v2RunStatusSchema } from './v2-logs-api.js';

/** Running and looking at runs in v2 (contract B3.2, B3.4). */
const at = z.iso.datetime();
export const EXECUTION_TIMEOUT_SECONDS_MAX = 604_800;
export const SELECTED_OUTPUTS_MAX = 100;

/** What shapes a streamed or awaited answer, and so belongs to neither kind of run that is only queued. */
const SHAPING = [
  'selectedOutputs',
  'includeThinking',
  'includeToolCalls',
  'includeFileBase64',
  'base64MaxBytes',
] as const;

export const v2ExecuteBodySchema = z
  .strictObject({
    input: z.record(z.string(), z.unknown(), { error: 'input must be an object' }).optional(),
    run: z
      .strictObject({
        source: z.literal('deployment', { error: 'run.source must be deployment: drafts are not run by keys' }),
      })
      .optional(),
    async: z.boolean({ error: 'async must be true or false' }).optional(),
    stream: z.boolean({ error: 'stream must be true or false' }).optional(),
    executionTimeoutSeconds: z
      .int({ error: 'executionTimeoutSeconds must be a whole number' })
      .min(1, `executionTimeoutSeconds must be from 1 to ${EXECUTION_TIMEOUT_SECONDS_MAX}`)
      .max(EXECUTION_TIMEOUT_SECONDS_MAX, `executionTimeoutSeconds must be from 1 to ${EXECUTION_TIMEOUT_SECONDS_MAX}`)
      .optional(),
    selectedOutputs: z
      .array(z.string().min(1).max(500), { error: 'selectedOutputs must be a list of texts' })
      .max(SELECTED_OUTPUTS_MAX, `selectedOutputs must have at most ${SELECTED_OUTPUTS_MAX} entries`)
      .optional(),
    includeThinking: z.boolean().optional(),
    includeToolCalls: z.boolean().optional(),
    includeFileBase64: z.boolean().optional(),
    base64MaxBytes: z.int().min(0).optional(),
  })
  .superRefine((body, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (body.async && body.stream) refuse('stream', 'async and stream cannot be combined');
    if (body.executionTimeoutSeconds !== undefined && !body.async) {
      refuse('executionTimeoutSeconds', 'executionTimeoutSeconds is supported only for async execution');
    }
    for (const name of SHAPING) {
      if (body.async && body[name] !== undefined) refuse(name, `async and ${name} cannot be combined`);
    }
    for (const name of ['includeThinking', 'includeToolCalls'] as const) {
      if (body[name] && !body.stream) refuse(name, `${name} is supported only for streamed execution`);
    }
  });
export type V2ExecuteBody = z.output<typeof v2ExecuteBodySchema>;

export const v2ExecuteHeadersSchema = z.object({
  'x-run-id': z.string().regex(EXECUTION_ID_PATTERN).optional().describe('One-shot id of the run'),
  ...ofEveryExecute,
});

export const v2RunErrorSchema = z.object({
  code: z.enum([
    'TIMEOUT',
    'CANCELLED',
    'USAGE_LIMIT_EXCEEDED',
    'INVALID_INPUT',
    'BLOCK_EXECUTION_FAILED',
    'CHILD_WORKFLOW_FAILED',
    'EXECUTION_FAILED',
  ]),
  message: z.string(),
});
export type V2RunError = z.infer<typeof v2RunErrorSchema>;

/** By the very texts that `selectedOutputs` asked for. */
const blockOutputs = z.record(z.string(), z.unknown()).nullable();

export const v2ExecuteAnswerSchema = z.object({
  data: z.object({
    runId: z.string(),
    workflowId: z.string(),
    status: z.enum(['completed', 'failed', 'cancelled']),
    output: z.unknown(),
    blockOutputs,
    error: v2RunErrorSchema.nullable(),
    startedAt: at,
    endedAt: at,
    durationMs: z.number(),
  }),
});

export const v2QueuedAnswerSchema = z.object({ data: z.object({ runId: z.string(), statusUrl: z.string() }) });

/** A run that goes on as well as one that ended; a queued run is visible from the first poll. */
export const v2LiveStatusSchema = z.enum(['queued', ...v2RunStatusSchema.options]);

export const v2RunListQuerySchema = z
  .strictObject({
    status: v2Word('status', ['pending', 'running', 'completed', 'failed', 'cancelled', 'paused']).optional(),
    trigger: v2Text('trigger', 100).optional(),
    startDate: v2Instant('startDate').optional(),
    endDate: v2Instant('endDate').optional(),
    order: v2Word('order', ['asc', 'desc']).default('desc'),
    limit: v2Limit(),
    cursor: v2Cursor(),
  })
  .superRefine(({ startDate, endDate }, context) =>
    refuseInverted(context, [[startDate, endDate, ['startDate', 'endDate']]]),
  );
export type V2RunListQuery = z.output<typeof v2RunListQuerySchema>;

const cost = z.object({ total: z.number() }).nullable();

export const v2RunEntrySchema = z.object({
  runId: z.string(),
  workflowId: z.string(),
  status: v2RunStatusSchema,
  trigger: triggerSchema,
  startedAt: at,
  endedAt: at.nullable(),
  durationMs: z.number().nullable(),
  cost,
});
export type V2RunEntry = z.infer<typeof v2RunEntrySchema>;
export const v2RunListSchema = v2Page(v2RunEntrySchema);

export const v2RunQuerySchema = z.strictObject({
  includeOutput: v2Flag('includeOutput').default(false),
  selectedOutputs: v2List('selectedOutputs', SELECTED_OUTPUTS_MAX).optional(),
  includeFileBase64: v2Flag('includeFileBase64').optional(),
  base64MaxBytes: v2Text('base64MaxBytes', 12).optional(),
});
export type V2RunQuery = z.output<typeof v2RunQuerySchema>;

export const v2RunSchema = z.object({
  runId: z.string(),
  workflowId: z.string(),
  status: v2LiveStatusSchema,
  trigger: triggerSchema.nullable(),
  startedAt: at.nullable(),
  endedAt: at.nullable(),
  durationMs: z.number().nullable(),
  paused: z.null(),
  cost,
  error: v2RunErrorSchema.nullable(),
  output: z.unknown(),
  blockOutputs,
  files: z.null(),
});
export type V2Run = z.infer<typeof v2RunSchema>;
export const v2RunAnswerSchema = z.object({ data: v2RunSchema });

export const v2CancelledAnswerSchema = z.object({
  data: z.object({
    success: z.boolean(),
    runId: z.string(),
    redisAvailable: z.boolean(),
    durablyRecorded: z.boolean(),
    locallyAborted: z.boolean(),
    pausedCancelled: z.literal(false),
    reason: z
      .enum(['recorded', 'already_cancelled', 'already_completed', 'already_failed', 'queue_cancelled'])
      .optional(),
  }),
});
export type V2Cancelled = z.infer<typeof v2CancelledAnswerSchema>['data'];
