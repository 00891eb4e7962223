import { z } from 'zod';
import { keyKindSchema } from './events-control.js';

/** Data plane: what a run used, who pays, and what happened. Both events of a run are written together. */
const id = z.string().min(1).max(128);
const at = z.iso.datetime();
const micros = z.int().min(0);

/** `key-type`: a personal key bills its owner, a workspace key the workspace's billed account. `workspace`: always the latter. */
export const payerRuleSchema = z.enum(['key-type', 'workspace']);
export type PayerRule = z.infer<typeof payerRuleSchema>;

export const triggerSchema = z.enum([
  'manual',
  'api',
  'schedule',
  'chat',
  'webhook',
  'mcp',
  'copilot',
  'workflow',
  'custom_block',
]);
export type Trigger = z.infer<typeof triggerSchema>;

const ofRun = {
  runId: id,
  workspaceId: id,
  workspaceName: z.string(),
  workflowId: id,
  workflowName: z.string(),
  keyId: id.nullable(),
  keyName: z.string().nullable(),
  keyKind: keyKindSchema.nullable(),
  /** The person who acted; null for a workspace key, which acts as its workspace. */
  actorUserId: id.nullable(),
  payerUserId: id,
  trigger: triggerSchema,
};

export const USAGE_EVENTS = {
  /**
   * One started run, to be paid. Payer, rule and price are the ones in force at admission and travel with the run, so
   * the ledger is a pure function of this event: a later change of owner, rule or price never moves a bill.
   */
  RequestBilled: {
    topic: 'usage',
    data: z.object({
      ...ofRun,
      payerRule: payerRuleSchema,
      priceId: id,
      admittedAt: at,
      durationMs: z.int().min(0),
      baseMicros: micros,
      /** What an `http` upstream reported by `X-Tollgate-Cost-Usd`. */
      runnerMicros: micros,
    }),
  },
  /** A key authenticated; told at most once in ten minutes per key and process (contract B1, `lastUsed`). */
  KeyUsed: { topic: 'activity', data: z.object({ keyId: id, usedAt: at }) },
  /** What happened. Refusals that contract B3.1 logs (402, 429, suspension) have `billable` false and zero cost. */
  RunFinished: {
    topic: 'runs',
    data: z.object({
      ...ofRun,
      requestId: z.string().max(200),
      deploymentVersionId: id.nullable(),
      billable: z.boolean(),
      status: z.enum(['completed', 'failed', 'cancelled', 'refused']),
      startedAt: at,
      /** When it was admitted, where that was not when it started (queued runs): the instant that the bill counts it at. */
      admittedAt: at.optional(),
      endedAt: at,
      durationMs: z.int().min(0),
      costMicros: micros,
      input: z.unknown(),
      output: z.unknown(),
      error: z.object({ code: z.string(), message: z.string() }).nullable(),
      client: z.object({ userAgent: z.string().nullable(), clientInfo: z.string().nullable() }),
    }),
  },
} as const;
