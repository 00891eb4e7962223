import { z } from 'zod';
import { USAGE_EVENTS } from './events-usage.js';

/** A run that is over, as the log of runs has it. */
export const archivedRunSchema = USAGE_EVENTS.RunFinished.data
  .pick({
    runId: true,
    workspaceId: true,
    workflowId: true,
    trigger: true,
    status: true,
    startedAt: true,
    endedAt: true,
    durationMs: true,
    costMicros: true,
    error: true,
  })
  .extend({
    /** What it put out; a note of its size where it was too much to be kept. */
    output: z.unknown(),
  });
export type ArchivedRun = z.infer<typeof archivedRunSchema>;

/** Between the services: which run is asked for, and the newest one of this id in the workspace (of this payer). */
export const ARCHIVED_RUN_PATH = '/internal/runs';
export const archivedRunQuestionSchema = z.object({
  workspaceId: z.string().min(1).max(128),
  runId: z.string().min(1).max(128),
  /** Two payers may choose the same id. */
  payerUserId: z.string().min(1).max(128).optional(),
});
export type ArchivedRunQuestion = z.infer<typeof archivedRunQuestionSchema>;
export const archivedRunAnswerSchema = z.object({ run: archivedRunSchema.nullable() });
