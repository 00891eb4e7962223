import { z } from 'zod';
import { nameSchema } from './names.js';

/** Bounds of a workflow's parts (house rule 12). */
export const EXPRESSION_LENGTH_MAX = 16_384;
export const UPSTREAM_URL_LENGTH_MAX = 2_048;
export const UPSTREAM_HEADERS_MAX = 50;
export const UPSTREAM_HEADERS_LENGTH_MAX = 16_384;
export const UPSTREAM_TIMEOUT_MS_MAX = 3_600_000;
export const INPUT_SCHEMA_LENGTH_MAX = 65_536;
/** What nests deeper would run those who walk it out of stack, in every process that hears of the deployment. */
export const INPUT_SCHEMA_DEPTH_MAX = 64;
export const DESCRIPTION_LENGTH_MAX = 2_000;
export const WORKFLOWS_PAGE_MAX = 200;

/** Text that PostgreSQL and a JSON reader elsewhere can hold: no NUL, no half surrogate pairs. */
const isStorable = (text: string) => !text.includes('\u0000') && text.isWellFormed();
const storable = (label: string) => [isStorable, `${label} must be well-formed text without NUL characters`] as const;

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/** Headers of one connection alone (RFC 9110, 7.6.1): nobody passes them on. */
export const CONNECTION_HEADERS: readonly string[] = [
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** What belongs to the connection or to the body, and so not to a workflow. */
const HEADERS_REFUSED = new Set([...CONNECTION_HEADERS, 'content-encoding', 'content-length', 'content-type']);

/** Whether a workflow may send a header of this name to its upstream. */
export function isUpstreamHeaderName(name: string): boolean {
  const lower = name.toLowerCase();
  return HEADER_NAME.test(name) && !HEADERS_REFUSED.has(lower) && !lower.startsWith('x-tollgate-');
}

/** Headers sent to an `http` workflow's upstream. Their values are secrets: taken here, never given back. */
export const upstreamHeadersSchema = z.record(z.string(), z.string()).superRefine((headers, context) => {
  const seen = new Set<string>();
  let length = 0;
  for (const [name, value] of Object.entries(headers)) {
    const fault = (message: string) => context.addIssue({ code: 'custom', path: [name], message });
    if (!isUpstreamHeaderName(name)) fault('Header cannot be set');
    if (!HEADER_VALUE.test(value)) fault('Header value must be printable ASCII');
    if (seen.has(name.toLowerCase())) fault('Header is given twice');
    seen.add(name.toLowerCase());
    length += name.length + value.length;
  }
  if (seen.size > UPSTREAM_HEADERS_MAX) {
    context.addIssue({ code: 'custom', path: [], message: `At most ${UPSTREAM_HEADERS_MAX} headers` });
  }
  if (length > UPSTREAM_HEADERS_LENGTH_MAX) {
    context.addIssue({
      code: 'custom',
      path: [],
      message: `At most ${UPSTREAM_HEADERS_LENGTH_MAX} characters of headers`,
    });
  }
});

/** What a workflow runs, as its author writes it (contract A1 row 9). */
export const runnerDraftSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('expression'),
    expression: z
      .string({ error: 'Expression is required' })
      .refine((text) => text.trim().length > 0, 'Expression is required')
      .max(EXPRESSION_LENGTH_MAX, `Expression must be at most ${EXPRESSION_LENGTH_MAX} characters`)
      .refine(...storable('Expression')),
  }),
  z.strictObject({
    kind: z.literal('http'),
    url: z
      .string({ error: 'URL is required' })
      .max(UPSTREAM_URL_LENGTH_MAX, `URL must be at most ${UPSTREAM_URL_LENGTH_MAX} characters`)
      .refine(...storable('URL')),
    headers: upstreamHeadersSchema.optional(),
    timeoutMs: z.int().min(100).max(UPSTREAM_TIMEOUT_MS_MAX).optional(),
  }),
]);
export type RunnerDraft = z.infer<typeof runnerDraftSchema>;

/** A JSON Schema of an object; MCP tools show it. Null: none. */
export const inputSchemaSchema = z
  .record(z.string(), z.unknown())
  .refine((schema) => schema.type === undefined || schema.type === 'object', {
    path: ['type'],
    message: 'The input of a workflow is an object',
  })
  .refine((schema) => schema.properties === undefined || isPlainObject(schema.properties), {
    path: ['properties'],
    message: 'Properties must be an object',
  })
  .refine((schema) => schema.required === undefined || isTextList(schema.required), {
    path: ['required'],
    message: 'Required must be a list of names',
  })
  .refine((schema) => !nestsDeeper(schema, INPUT_SCHEMA_DEPTH_MAX), {
    message: `Input schema must not nest deeper than ${INPUT_SCHEMA_DEPTH_MAX} levels`,
    abort: true,
  })
  .refine((schema) => JSON.stringify(schema).length <= INPUT_SCHEMA_LENGTH_MAX, {
    message: `Input schema must be at most ${INPUT_SCHEMA_LENGTH_MAX} characters of JSON`,
  });

const descriptionSchema = z
  .string()
  .max(DESCRIPTION_LENGTH_MAX, `Description must be at most ${DESCRIPTION_LENGTH_MAX} characters`)
  .refine(...storable('Description'));

const idSchema = (label: string) =>
  z
    .string({ error: `${label} is required` })
    .min(1, `${label} is required`)
    .max(128);

export const createWorkflowBodySchema = z.strictObject({
  workspaceId: idSchema('Workspace ID'),
  name: nameSchema,
  description: descriptionSchema.nullish(),
  runner: runnerDraftSchema,
  inputSchema: inputSchemaSchema.nullish(),
});
export type CreateWorkflowBody = z.infer<typeof createWorkflowBodySchema>;

/** What is left out stays as it is; `headers` left out of an `http` runner keeps the stored ones. */
export const updateWorkflowBodySchema = z
  .strictObject({
    name: nameSchema.optional(),
    description: descriptionSchema.nullish(),
    runner: runnerDraftSchema.optional(),
    inputSchema: inputSchemaSchema.nullish(),
  })
  .refine((body) => Object.values(body).some((value) => value !== undefined), 'No updates provided');
export type UpdateWorkflowBody = z.infer<typeof updateWorkflowBodySchema>;

export const listWorkflowsQuerySchema = z.strictObject({
  workspaceId: idSchema('Workspace ID'),
  limit: z.coerce.number().int().min(1).max(WORKFLOWS_PAGE_MAX).default(100),
  cursor: z.string().max(500).optional(),
});

/** What a workflow runs, as it is shown: names of headers, never their values. */
export const shownRunnerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('expression'), expression: z.string() }),
  z.object({
    kind: z.literal('http'),
    url: z.string(),
    headerNames: z.array(z.string()),
    timeoutMs: z.int().optional(),
  }),
]);

export const workflowSchema = z.object({
  id: z.string(),
  workspaceId: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  runner: shownRunnerSchema,
  inputSchema: z.record(z.string(), z.unknown()).nullable(),
  isDeployed: z.boolean(),
  deployedAt: z.string().nullable(),
  needsRedeployment: z.boolean(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Workflow = z.infer<typeof workflowSchema>;

/** `signingSecret` is there only in the answer that made it: it is shown once (contract A6 "`http` runner"). */
export const workflowAnswerSchema = z.object({ workflow: workflowSchema, signingSecret: z.string().optional() });
export const workflowsAnswerSchema = z.object({
  workflows: z.array(workflowSchema),
  nextCursor: z.string().nullable(),
});
export const deployedAnswerSchema = z.object({ isDeployed: z.literal(true), deployedAt: z.string() });
export const undeployedAnswerSchema = z.object({ isDeployed: z.literal(false) });
export const workflowStatusSchema = z.object({
  isDeployed: z.boolean(),
  deployedAt: z.string().nullable(),
  needsRedeployment: z.boolean(),
});

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** Whether a value nests deeper than `depthMax`. Looks level by level, so that no depth runs it out of stack. */
function nestsDeeper(value: unknown, depthMax: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > depthMax) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return false;
}
