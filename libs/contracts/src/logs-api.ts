import { z } from 'zod';
import { keyKindSchema } from './events-control.js';
import { planSchema } from './events-control.js';
import { triggerSchema } from './events-usage.js';
import { readDecimal, readInstantMs, readList } from './query-values.js';

/** The v1 Logs API (contract B5.1, B5.2): what may be asked, what is answered. */
export const LOG_PAGE_DEFAULT = 100;
export const LOG_PAGE_MAX = 1000;
/** Most values in one comma list. */
export const LOG_LIST_MAX = 200;

/** One query parameter: text, given once, without NUL, which no stored text holds. Empty counts as not given. */
const one = (name: string) =>
  z
    .string({ error: `${name} must be given once` })
    .refine((text) => !text.includes('\0'), `${name} must not contain control characters`);

const given = <T>(name: string, read: (text: string) => T | undefined, rule: string) =>
  one(name)
    .transform((text, context) => {
      if (text === '') return undefined;
      const value = read(text);
      if (value === undefined) context.issues.push({ code: 'custom', message: `${name} ${rule}`, input: text });
      return value;
    })
    .optional();

const text = (name: string) => given(name, (value) => value, 'must be text');
const number = (name: string) => given(name, readDecimal, 'must be a number');
const instant = (name: string) => given(name, readInstantMs, 'must be an ISO 8601 date');
const list = (name: string) =>
  given(
    name,
    (value) => {
      const values = readList(value);
      return values.length > LOG_LIST_MAX ? undefined : values;
    },
    `must have at most ${LOG_LIST_MAX} values`,
  );
const oneOf = <const T extends string>(name: string, words: readonly T[]) =>
  given(name, (value) => words.find((word) => word === value), `must be one of ${words.join(', ')}`);
const flag = (name: string) =>
  given(
    name,
    (value) => ({ true: true, '1': true, false: false, '0': false })[value.toLowerCase()],
    'must be true, false, 1 or 0',
  );

/**
 * The query of `GET /api/v1/logs`. Unknown keys are ignored. Limits out of range are clamped; what is not a number, date
 * or known word is a fault that names the parameter (contract B12 rows 13). Dates without an offset are UTC.
 */
export const logListQuerySchema = z.object({
  workspaceId: z
    .string({
      error: ({ input }) => (input === undefined ? 'Workspace ID is required' : 'workspaceId must be given once'),
    })
    .min(1, 'Workspace ID is required'),
  workflowIds: list('workflowIds'),
  folderIds: list('folderIds'),
  triggers: list('triggers'),
  level: oneOf('level', ['info', 'error']),
  startDate: instant('startDate'),
  endDate: instant('endDate'),
  executionId: text('executionId'),
  minDurationMs: number('minDurationMs'),
  maxDurationMs: number('maxDurationMs'),
  minCost: number('minCost'),
  maxCost: number('maxCost'),
  model: text('model'),
  details: oneOf('details', ['basic', 'full']),
  includeTraceSpans: flag('includeTraceSpans'),
  includeFinalOutput: flag('includeFinalOutput'),
  limit: number('limit').transform((limit) =>
    limit === undefined ? LOG_PAGE_DEFAULT : Math.min(LOG_PAGE_MAX, Math.max(1, Math.trunc(limit.approximate))),
  ),
  cursor: text('cursor'),
  order: oneOf('order', ['desc', 'asc']),
});
export type LogListQuery = z.output<typeof logListQuerySchema>;

const at = z.iso.datetime();
const cost = z.object({ total: z.number() }).nullable();
export const logLevelSchema = z.enum(['info', 'error']);
export type LogLevel = z.infer<typeof logLevelSchema>;

/** A run is one span; its steps, where a runner has any, are not seen from outside. */
export const traceSpanSchema = z.object({
  id: z.string(),
  name: z.string(),
  type: z.literal('workflow'),
  status: z.enum(['success', 'error']),
  startTime: at,
  endTime: at,
  duration: z.number(),
});

const rate = z.object({ requestsPerMinute: z.number(), maxBurst: z.number(), remaining: z.number(), resetAt: at });

/** What the payer of runs in the asked workspace has left. A limit that is off is the greatest number clients hold exactly. */
export const logLimitsSchema = z.object({
  workflowExecutionRateLimit: z.object({ sync: rate, async: rate }),
  usage: z.object({ currentPeriodCost: z.number(), limit: z.number(), plan: planSchema, isExceeded: z.boolean() }),
});
export type LogLimits = z.infer<typeof logLimitsSchema>;

export const logEntrySchema = z.object({
  id: z.string(),
  workflowId: z.string(),
  executionId: z.string(),
  deploymentVersionId: z.string().nullable(),
  level: logLevelSchema,
  trigger: triggerSchema,
  startedAt: at,
  endedAt: at.nullable(),
  totalDurationMs: z.number(),
  cost,
  files: z.null(),
  workflow: z
    .object({ id: z.string(), name: z.string(), description: z.string().nullable(), deleted: z.boolean() })
    .optional(),
  finalOutput: z.unknown().optional(),
  traceSpans: z.array(traceSpanSchema).optional(),
});
export type LogEntry = z.infer<typeof logEntrySchema>;

export const logListSchema = z.object({
  data: z.array(logEntrySchema),
  nextCursor: z.string().optional(),
  limits: logLimitsSchema,
});

/** Which program made a run, as its headers name it. */
const clientProgramSchema = z.object({ name: z.string().nullable(), version: z.string().nullable() });

export const logDetailSchema = z.object({
  data: logEntrySchema
    .pick({
      id: true,
      workflowId: true,
      executionId: true,
      level: true,
      trigger: true,
      startedAt: true,
      endedAt: true,
      totalDurationMs: true,
      cost: true,
      files: true,
    })
    .extend({
      workflow: z.object({
        id: z.string(),
        name: z.string(),
        description: z.string().nullable(),
        folderId: z.null(),
        userId: z.string().nullable(),
        workspaceId: z.string(),
        createdAt: at.nullable(),
        updatedAt: at.nullable(),
        deleted: z.boolean(),
      }),
      executionData: z.object({
        totalDuration: z.number(),
        traceSpans: z.array(traceSpanSchema),
        workflowInput: z.unknown(),
        finalOutput: z.unknown(),
        error: z.object({ code: z.string(), message: z.string() }).nullable(),
      }),
      client: clientProgramSchema,
      createdAt: at,
    }),
  limits: logLimitsSchema,
});
export type LogDetail = z.infer<typeof logDetailSchema>['data'];

/** The deployed snapshot a run used, as far as the log of facts tells it. */
export const workflowStateSchema = z.object({
  deploymentVersionId: z.string(),
  name: z.string().optional(),
  deployedAt: at.optional(),
  runner: z.looseObject({ kind: z.string() }).optional(),
  inputSchema: z.record(z.string(), z.unknown()).nullable().optional(),
});
export type WorkflowState = z.infer<typeof workflowStateSchema>;

export const executionDetailSchema = z.object({
  executionId: z.string(),
  workflowId: z.string(),
  workflowState: workflowStateSchema,
  executionMetadata: z.object({
    trigger: triggerSchema,
    startedAt: at,
    endedAt: at.optional(),
    totalDurationMs: z.number(),
    cost,
  }),
  limits: logLimitsSchema,
});

/** Which key made a run, from which client: told to people signed in. */
export const runOriginSchema = z.object({
  key: z.object({ id: z.string(), name: z.string().nullable(), type: keyKindSchema.nullable() }).nullable(),
  client: clientProgramSchema.extend({ userAgent: z.string().nullable(), clientInfo: z.string().nullable() }),
  requestId: z.string(),
});

/** `GET /api/logs` and `/api/logs/{id}`: the v1 answers without limits, for members signed in. */
export const sessionLogListSchema = logListSchema.omit({ limits: true });
export const sessionLogDetailSchema = z.object({ data: logDetailSchema.shape.data.extend(runOriginSchema.shape) });
