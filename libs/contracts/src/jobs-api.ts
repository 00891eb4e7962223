import { z } from 'zod';
import { triggerSchema } from './events-usage.js';
import { logLevelSchema } from './logs-api.js';
import { readList } from './query-values.js';

const SELECTED_OUTPUTS_MAX = 100;

/** The 202 of a queued run: the union of both generations' shapes (contract A1 row 8); `taskId` is `jobId`. */
export const queuedAnswerSchema = z.object({
  success: z.literal(true),
  async: z.literal(true),
  jobId: z.string(),
  executionId: z.string(),
  message: z.literal('Workflow execution queued'),
  statusUrl: z.string(),
  taskId: z.string(),
  status: z.literal('queued'),
  createdAt: z.iso.datetime(),
  links: z.object({ status: z.string() }),
});
export type QueuedAnswer = z.infer<typeof queuedAnswerSchema>;

/** `GET /api/jobs/{id}` (contract B3.4), with the times that the older SDKs' documentation shows. */
export const jobStatusSchema = z.object({
  success: z.literal(true),
  taskId: z.string(),
  status: z.enum(['pending', 'processing', 'completed', 'failed', 'cancelled']),
  metadata: z.object({
    workflowId: z.string(),
    workspaceId: z.string(),
    userId: z.string(),
    correlation: z.object({
      executionId: z.string(),
      requestId: z.string(),
      source: z.literal('workflow'),
      workflowId: z.string(),
      triggerType: triggerSchema,
    }),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().optional(),
    completedAt: z.iso.datetime().optional(),
    duration: z.number().optional(),
  }),
  output: z.unknown().optional(),
  error: z.string().optional(),
});

/** Query of `GET /api/workflows/{id}/executions/{executionId}`; a list is comma-separated. Unknown keys are ignored. */
export const executionQuerySchema = z.object({
  includeOutput: z
    .enum(['true', 'false'], { error: 'includeOutput must be true or false' })
    .transform((text) => text === 'true')
    .optional(),
  selectedOutputs: z
    .string({ error: 'selectedOutputs must be given once' })
    .max(10_000)
    .transform(readList)
    .refine((paths) => paths.length <= SELECTED_OUTPUTS_MAX, `at most ${SELECTED_OUTPUTS_MAX} selected outputs`)
    .optional(),
});

/** `GET /api/workflows/{id}/executions/{executionId}` (contract B3.4). `finalOutput` is null unless it was asked for. */
export const executionStatusSchema = z.object({
  executionId: z.string(),
  workflowId: z.string(),
  status: z.enum(['queued', 'running', 'completed', 'failed', 'cancelled']),
  trigger: triggerSchema,
  level: logLevelSchema,
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  totalDurationMs: z.number().nullable(),
  paused: z.null(),
  cost: z.object({ total: z.number() }).nullable(),
  error: z.string().nullable(),
  finalOutput: z.unknown(),
});
