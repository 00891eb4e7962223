import { Problem, codeOfText } from '@tollgate/contracts';
import { DirectoryUnavailable } from './directory.js';
import type { KeyRefusal } from './key-authenticator.js';
import type { AccessRefusal } from './workspace-access.js';

/**
 * The routes that word a refusal each in their own way (contract B2, B3.1, B3.4, B4, B5).
 * `logs`: v1 lists; `logDetail`, `executionDetail`: v1 details, where every denied access is the same 404; `v2*` by what
 * the route is about.
 */
export type KeySurface =
  'execute' | 'status' | 'jobs' | 'usageLimits' | 'logs' | 'logDetail' | 'executionDetail' | 'v2' | 'v2Execute';

/** What a v2 route speaks of: what may not be seen is "<subject> not found". */
export type V2Subject = 'Workflow' | 'Run' | 'Workspace';

const NO_KEY_TEXT = 'API key required';
const BAD_KEY_TEXT = 'Invalid API key';
const SCOPE_TEXT = 'API key is not authorized for this workspace';

/** The v2 challenge (contract B2). */
const CHALLENGE = { 'WWW-Authenticate': 'SimApiKey realm="Sim API", header="x-api-key"' };

/** What each route says without a usable key: [none sent, an invalid one]. */
const KEY_TEXTS: Record<KeySurface, readonly [missing: string, invalid: string]> = {
  execute: ['Unauthorized', BAD_KEY_TEXT],
  // HEAD's words, which tell nothing apart here (contract B3.4).
  status: ['Unauthorized', 'Unauthorized'],
  jobs: ['Authentication required', BAD_KEY_TEXT],
  usageLimits: ['Authentication required', 'Authentication required'],
  logs: [NO_KEY_TEXT, BAD_KEY_TEXT],
  logDetail: [NO_KEY_TEXT, BAD_KEY_TEXT],
  executionDetail: [NO_KEY_TEXT, BAD_KEY_TEXT],
  v2: [NO_KEY_TEXT, BAD_KEY_TEXT],
  v2Execute: ['Unauthorized', BAD_KEY_TEXT],
};

/** The 401 of a route. Unknown, revoked, expired and suspended are one `invalid` before they come here. */
export function keyProblem(refusal: KeyRefusal, surface: KeySurface): Problem {
  const text = KEY_TEXTS[surface][refusal.kind === 'missing' ? 0 : 1];
  if (isV2Surface(surface)) return new Problem('unauthorized', { text, headers: CHALLENGE });
  return derivesCode(surface) ? derived('unauthorized', text) : new Problem('unauthorized', { text });
}

/** `POST /api/workflows/{id}/execute` (contract B3.1, B2). */
export function executeAccessProblem(refusal: AccessRefusal): Problem {
  switch (refusal) {
    case 'workspaceUnknown':
      return new Problem('notFound', { text: 'Workflow not found' });
    case 'notMember':
    case 'insufficientRole':
      return new Problem('forbidden', { text: 'Unauthorized: Access denied to read this workflow' });
    case 'personalKeysDisabled':
      return new Problem('personalKeysDisabled');
    case 'foreignWorkspaceKey':
      return new Problem('forbidden', { text: SCOPE_TEXT });
  }
}

/** `GET /api/workflows/{id}/status`: conceals what may not be seen; the switch is named (contract A1 row 2, B3.4 HEAD). */
export function statusAccessProblem(refusal: AccessRefusal): Problem {
  if (refusal === 'personalKeysDisabled')
    return derived('personalKeysDisabled', new Problem('personalKeysDisabled').message);
  return derived('notFound', 'Workflow not found');
}

/** `GET /api/jobs/{id}` of a job that exists (contract B3.4). */
export function jobAccessProblem(refusal: AccessRefusal): Problem {
  if (refusal === 'personalKeysDisabled')
    return derived('personalKeysDisabled', new Problem('personalKeysDisabled').message);
  if (refusal === 'foreignWorkspaceKey') return derived('forbidden', SCOPE_TEXT);
  return derived('forbidden', 'Access denied');
}

/** `GET /api/v1/logs` (contract B2, B5.1): an unknown workspace looks like one that is not the caller's. */
export function logsAccessProblem(refusal: AccessRefusal): Problem {
  if (refusal === 'personalKeysDisabled') return new Problem('personalKeysDisabled');
  if (refusal === 'foreignWorkspaceKey') return new Problem('forbidden', { text: SCOPE_TEXT });
  return new Problem('forbidden', { text: 'Access denied' });
}

/** `GET /api/v1/logs/{id}`: one 404 for every kind of denied access (contract B5.2). */
export function logDetailAccessProblem(): Problem {
  return new Problem('notFound', { text: 'Log not found' });
}

/** `GET /api/v1/logs/executions/{executionId}`: likewise (contract B5.2). */
export function executionDetailAccessProblem(): Problem {
  return new Problem('notFound', { text: 'Workflow execution not found' });
}

/**
 * v2 (contract B2): a foreign or unknown workspace and one without membership are the same 404 as what is not there; the
 * switch and a missing role are named, since that caller may see the workspace.
 */
export function v2AccessProblem(
  refusal: AccessRefusal,
  subject: V2Subject,
  keyKind: 'personal' | 'workspace',
): Problem {
  switch (refusal) {
    case 'personalKeysDisabled':
      return new Problem('personalKeysDisabled', { details: { code: 'PERSONAL_API_KEYS_DISABLED' } });
    case 'insufficientRole':
      return keyKind === 'workspace'
        ? new Problem('forbidden', {
            text: 'Workspace API keys are not permitted to perform this operation',
            details: { code: 'WORKSPACE_KEY_OPERATION_NOT_PERMITTED' },
          })
        : new Problem('forbidden', { text: 'Insufficient permissions' });
    default:
      return new Problem('notFound', { text: `${subject} not found` });
  }
}

/** 503 when the truth about a caller cannot be had (contract B2 "Infrastructure failure"); other errors are passed on. */
export function unavailableProblem(error: unknown): unknown {
  if (!(error instanceof DirectoryUnavailable)) return error;
  return new Problem('unavailable', { retryAfterSeconds: UNAVAILABLE_RETRY_AFTER_SECONDS, cause: error });
}

/** Seconds a caller is asked to wait when the truth about him cannot be had (contract B2 "Infrastructure failure"). */
export const UNAVAILABLE_RETRY_AFTER_SECONDS = 5;

export function isV2Surface(surface: KeySurface): boolean {
  return surface === 'v2' || surface === 'v2Execute';
}

function derivesCode(surface: KeySurface): boolean {
  return surface === 'status' || surface === 'jobs' || surface === 'usageLimits';
}

/** Contract B3.4: the code is the text, upper-cased. */
function derived(kind: 'unauthorized' | 'forbidden' | 'notFound' | 'personalKeysDisabled', text: string): Problem {
  return new Problem(kind, { text, code: codeOfText(text) });
}
