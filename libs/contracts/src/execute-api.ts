import { z } from 'zod';

/**
 * Members of an execute body that steer the run and are not part of its input (contract B3.1). All other members are
 * the workflow's input.
 */
export const EXECUTE_CONTROL_FIELDS = [
  'selectedOutputs',
  'triggerType',
  'stream',
  'useDraftState',
  'inputFromExecutionId',
  'includeFileBase64',
  'base64MaxBytes',
  'workflowStateOverride',
  'deploymentVersionId',
  'triggerBlockId',
  'stopAfterBlockId',
  'runFromBlock',
  'copilotToolCallId',
  'workflowId',
  'parentWorkspaceId',
] as const;

const idText = z.string().max(200).optional();

/** The control fields as they must look when they are there. */
export const executeControlsSchema = z.object({
  selectedOutputs: z.array(z.string().max(500)).max(100).optional(),
  triggerType: z.string().max(50).optional(),
  stream: z.boolean().optional(),
  useDraftState: z.boolean().optional(),
  inputFromExecutionId: idText,
  includeFileBase64: z.boolean().optional(),
  base64MaxBytes: z.int().min(0).optional(),
  workflowStateOverride: z.unknown().optional(),
  deploymentVersionId: idText,
  triggerBlockId: idText,
  stopAfterBlockId: idText,
  runFromBlock: z.unknown().optional(),
  copilotToolCallId: idText,
  workflowId: idText,
  parentWorkspaceId: idText,
});
export type ExecuteControls = z.infer<typeof executeControlsSchema>;

export const EXECUTION_ID_PATTERN = /^[A-Za-z0-9._:-]{1,128}$/;

/** Run ids that the platform makes begin so. A caller cannot claim one: two runs would then share their events' ids. */
export const RUN_ID_PREFIX = 'tgr_';

export const IDEMPOTENCY_KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;

/** Headers of execute in either generation. */
export const ofEveryExecute = {
  'idempotency-key': z
    .string()
    .regex(IDEMPOTENCY_KEY_PATTERN)
    .optional()
    .describe('For a day the same key and body give the first answer again, run and billed once'),
  'x-sim-via': z.string().optional().describe('Workflows that led to this call, comma-separated'),
};

export const executeHeadersSchema = z.object({
  'x-execution-id': z.string().regex(EXECUTION_ID_PATTERN).optional().describe('One-shot id of the run'),
  'x-execution-mode': z.enum(['sync', 'async']).optional().describe('async: queued, answered with 202'),
  'x-execution-timeout-seconds': z
    .string()
    .regex(/^\d{1,6}$/)
    .optional()
    .describe('Time limit of a queued run, 1 to 604800; async only'),
  'x-stream-response': z.enum(['true', 'false']).optional().describe('true: as the body member stream'),
  ...ofEveryExecute,
});

export const executeBodySchema = z
  .record(z.string(), z.unknown())
  .describe('The input of the workflow; control fields are taken out of it');

export const executeAnswerSchema = z.object({
  success: z.boolean(),
  executionId: z.string(),
  output: z.unknown(),
  error: z.string().optional(),
  metadata: z.object({ duration: z.number(), startTime: z.string(), endTime: z.string() }),
});

export const executeTimeoutAnswerSchema = executeAnswerSchema.omit({ executionId: true });

/** A frame of `text/event-stream` (contract B3.3); the stream ends with `data: "[DONE]"`. */
export const runFrameSchema = z.union([
  z.object({ blockId: z.string(), chunk: z.string() }),
  z.object({
    event: z.literal('final'),
    data: executeAnswerSchema.extend({ runId: z.string(), status: z.literal('completed') }),
  }),
  z.object({ event: z.literal('error'), error: z.string(), blockId: z.string().optional() }),
  z.literal('[DONE]'),
]);
