/**
 * Every refusal this platform gives on purpose: status, v1 code and text (contract A1 row 7, A6 "v1 code").
 * A route that part B words exactly passes its own `text`; the filter writes it in the v1 or the v2 shape by path.
 */
export const PROBLEMS = {
  badRequest: { status: 400, code: 'VALIDATION_ERROR', v2: 'BAD_REQUEST', text: 'Validation error' },
  invalidJson: { status: 400, code: 'INVALID_JSON', v2: 'BAD_REQUEST', text: 'Request body must be valid JSON' },
  unauthorized: { status: 401, code: 'UNAUTHORIZED', v2: 'UNAUTHORIZED', text: 'Unauthorized' },
  usageLimit: { status: 402, code: 'USAGE_LIMIT_EXCEEDED', v2: 'USAGE_LIMIT_EXCEEDED', text: 'Usage limit exceeded' },
  forbidden: { status: 403, code: 'FORBIDDEN', v2: 'FORBIDDEN', text: 'Forbidden' },
  csrf: { status: 403, code: 'CSRF', v2: 'FORBIDDEN', text: 'Cross-site request refused' },
  personalKeysDisabled: {
    status: 403,
    code: 'PERSONAL_API_KEYS_DISABLED',
    v2: 'FORBIDDEN',
    text: 'Personal API keys are not allowed for this workspace',
  },
  notDeployed: { status: 403, code: 'WORKFLOW_NOT_DEPLOYED', v2: 'FORBIDDEN', text: 'Workflow is not deployed' },
  suspended: { status: 403, code: 'ACCOUNT_SUSPENDED', v2: 'FORBIDDEN', text: 'Account suspended' },
  notFound: { status: 404, code: 'NOT_FOUND', v2: 'NOT_FOUND', text: 'Not found' },
  methodNotAllowed: { status: 405, code: 'METHOD_NOT_ALLOWED', v2: 'METHOD_NOT_ALLOWED', text: 'Method not allowed' },
  timeout: { status: 408, code: 'TIMEOUT', v2: 'REQUEST_TIMEOUT', text: 'Request timed out' },
  conflict: { status: 409, code: 'CONFLICT', v2: 'CONFLICT', text: 'Conflict' },
  executionIdConflict: {
    status: 409,
    code: 'EXECUTION_ID_CONFLICT',
    v2: 'CONFLICT',
    text: 'Execution ID has already been used',
  },
  idempotencyInProgress: {
    status: 409,
    code: 'IDEMPOTENCY_IN_PROGRESS',
    v2: 'CONFLICT',
    text: 'A call with this idempotency key is still in progress',
  },
  idempotencyKeyReused: {
    status: 422,
    code: 'IDEMPOTENCY_KEY_REUSED',
    v2: 'UNPROCESSABLE_ENTITY',
    text: 'This idempotency key was used for another call',
  },
  payloadTooLarge: { status: 413, code: 'PAYLOAD_TOO_LARGE', v2: 'PAYLOAD_TOO_LARGE', text: 'Payload too large' },
  unsupportedMediaType: {
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    v2: 'UNSUPPORTED_MEDIA_TYPE',
    text: 'Content-Type must be application/json',
  },
  rateLimited: {
    status: 429,
    code: 'RATE_LIMIT_EXCEEDED',
    v2: 'RATE_LIMITED',
    text: 'Rate limit exceeded. Please try again later.',
  },
  tooManyConcurrent: {
    status: 429,
    code: 'CONCURRENCY_LIMIT_EXCEEDED',
    v2: 'RATE_LIMITED',
    text: 'Too many concurrent executions are in progress for this billing account. Please try again later.',
  },
  atCapacity: { status: 429, code: 'ADMISSION_GATE_CAPACITY', v2: 'RATE_LIMITED', text: 'Too many requests' },
  clientGone: {
    status: 499,
    code: 'CLIENT_CLOSED_REQUEST',
    v2: 'CLIENT_CLOSED_REQUEST',
    text: 'Client closed request',
  },
  internal: { status: 500, code: 'INTERNAL_ERROR', v2: 'INTERNAL_ERROR', text: 'Internal server error' },
  unavailable: {
    status: 503,
    code: 'SERVICE_UNAVAILABLE',
    v2: 'SERVICE_UNAVAILABLE',
    text: 'Service temporarily unavailable',
  },
} as const;

export type ProblemKind = keyof typeof PROBLEMS;

/** One fault of a bad request: where and which rule (`path` as segments, like zod's issues). */
export interface FieldFault {
  path: (string | number)[];
  message: string;
  code?: string;
  [extra: string]: unknown;
}

export interface ProblemOptions {
  /** The contract's exact words, where they differ from the kind's own. */
  text?: string;
  /** A v1 `code` other than the kind's (contract B3.4: status, jobs, usage-limits derive it from the text). */
  code?: string;
  details?: unknown;
  /** Seconds for `Retry-After`; 429 and 503 carry one (contract A1 row 6). */
  retryAfterSeconds?: number;
  headers?: Record<string, string>;
  /** Extra members of the v1 body, e.g. `executionId`. */
  body?: Record<string, unknown>;
  /** What went wrong inside; for the log, never for the caller. */
  cause?: unknown;
}

/** A request refused on purpose. Thrown by routes, written by the one problems filter. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  constructor(
    readonly kind: ProblemKind,
    readonly options: ProblemOptions = {},
  ) {
    super(options.text ?? PROBLEMS[kind].text, { cause: options.cause });
    this.name = 'Problem';
    this.status = PROBLEMS[kind].status;
    this.code = options.code ?? PROBLEMS[kind].code;
  }
}

/** Contract B3.4: message upper-cased, spaces to `_` (`Workflow not found` → `WORKFLOW_NOT_FOUND`). */
export function codeOfText(text: string): string {
  return text.toUpperCase().replaceAll(' ', '_');
}

/** True for every path that speaks the v2 envelope (contract A1 row 7). */
export function isV2Path(path: string): boolean {
  return path === '/api/v2' || path.startsWith('/api/v2/') || path.startsWith('/api/v2?');
}

/** Kinds that share their status with others, and that v2 clients must tell from them: named in the details. */
const NAMED_IN_V2: ReadonlySet<ProblemKind> = new Set([
  'personalKeysDisabled',
  'idempotencyInProgress',
  'idempotencyKeyReused',
]);

/** The body of a refusal in the v1 (`error` is a string) or v2 (`error` is an object) shape. */
export function problemBody(problem: Problem, v2: boolean): Record<string, unknown> {
  const { details, body } = problem.options;
  if (!v2) return { error: problem.message, code: problem.code, ...(details !== undefined && { details }), ...body };
  const v2Details = details ?? (NAMED_IN_V2.has(problem.kind) ? { code: problem.code } : undefined);
  return {
    error: {
      code: PROBLEMS[problem.kind].v2,
      message: problem.message,
      ...(v2Details !== undefined && { details: v2Details }),
    },
  };
}
