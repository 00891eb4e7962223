import { Problem, problemBody } from '@tollgate/contracts';
import { DirectoryUnavailable } from './directory.js';
import * as refusals from './refusals.js';
import type { KeySurface } from './refusals.js';

/** Status and body, as the wire has them. */
const wire = (problem: Problem, v2 = false) => [problem.status, problemBody(problem, v2)];
const v1 = (error: string, code: string) => ({ error, code });
const v2 = (code: string, message: string, details?: unknown) => ({
  error: { code, message, ...(details !== undefined && { details }) },
});

const PERSONAL = 'Personal API keys are not allowed for this workspace';
const SCOPE = 'API key is not authorized for this workspace';

describe('a refused key', () => {
  it.each<[KeySurface, string, string, string, string]>([
    ['execute', 'Unauthorized', 'UNAUTHORIZED', 'Invalid API key', 'UNAUTHORIZED'],
    ['status', 'Unauthorized', 'UNAUTHORIZED', 'Unauthorized', 'UNAUTHORIZED'],
    ['jobs', 'Authentication required', 'AUTHENTICATION_REQUIRED', 'Invalid API key', 'INVALID_API_KEY'],
    [
      'usageLimits',
      'Authentication required',
      'AUTHENTICATION_REQUIRED',
      'Authentication required',
      'AUTHENTICATION_REQUIRED',
    ],
    ['logs', 'API key required', 'UNAUTHORIZED', 'Invalid API key', 'UNAUTHORIZED'],
    ['logDetail', 'API key required', 'UNAUTHORIZED', 'Invalid API key', 'UNAUTHORIZED'],
    ['executionDetail', 'API key required', 'UNAUTHORIZED', 'Invalid API key', 'UNAUTHORIZED'],
  ])('on %s is 401 in its words', (surface, missing, missingCode, invalid, invalidCode) => {
    expect(wire(refusals.keyProblem({ kind: 'missing' }, surface))).toEqual([401, v1(missing, missingCode)]);
    expect(wire(refusals.keyProblem({ kind: 'invalid' }, surface))).toEqual([401, v1(invalid, invalidCode)]);
    expect(refusals.keyProblem({ kind: 'invalid' }, surface).options.headers).toBeUndefined();
  });

  it('in v2 is an object and comes with a challenge', () => {
    const missing = refusals.keyProblem({ kind: 'missing' }, 'v2');
    expect(wire(missing, true)).toEqual([401, v2('UNAUTHORIZED', 'API key required')]);
    expect(missing.options.headers).toEqual({ 'WWW-Authenticate': 'SimApiKey realm="Sim API", header="x-api-key"' });
    expect(wire(refusals.keyProblem({ kind: 'invalid' }, 'v2'), true)).toEqual([
      401,
      v2('UNAUTHORIZED', 'Invalid API key'),
    ]);
    expect(wire(refusals.keyProblem({ kind: 'missing' }, 'v2Execute'), true)).toEqual([
      401,
      v2('UNAUTHORIZED', 'Unauthorized'),
    ]);
  });
});

describe('refused access', () => {
  it('to execute', () => {
    const { executeAccessProblem: problem } = refusals;
    const denied = [403, v1('Unauthorized: Access denied to read this workflow', 'FORBIDDEN')];
    expect(wire(problem('notMember'))).toEqual(denied);
    expect(wire(problem('insufficientRole'))).toEqual(denied);
    expect(wire(problem('personalKeysDisabled'))).toEqual([403, v1(PERSONAL, 'PERSONAL_API_KEYS_DISABLED')]);
    expect(wire(problem('foreignWorkspaceKey'))).toEqual([403, v1(SCOPE, 'FORBIDDEN')]);
    expect(wire(problem('workspaceUnknown'))).toEqual([404, v1('Workflow not found', 'NOT_FOUND')]);
  });

  it('to a status, concealed', () => {
    const { statusAccessProblem: problem } = refusals;
    for (const refusal of ['notMember', 'insufficientRole', 'foreignWorkspaceKey', 'workspaceUnknown'] as const) {
      expect(wire(problem(refusal))).toEqual([404, v1('Workflow not found', 'WORKFLOW_NOT_FOUND')]);
    }
    expect(wire(problem('personalKeysDisabled'))).toEqual([
      403,
      v1(PERSONAL, 'PERSONAL_API_KEYS_ARE_NOT_ALLOWED_FOR_THIS_WORKSPACE'),
    ]);
  });

  it('to a job', () => {
    const { jobAccessProblem: problem } = refusals;
    expect(wire(problem('notMember'))).toEqual([403, v1('Access denied', 'ACCESS_DENIED')]);
    expect(wire(problem('foreignWorkspaceKey'))).toEqual([
      403,
      v1(SCOPE, 'API_KEY_IS_NOT_AUTHORIZED_FOR_THIS_WORKSPACE'),
    ]);
    expect(problem('personalKeysDisabled').message).toBe(PERSONAL);
  });

  it('to a list of logs', () => {
    const { logsAccessProblem: problem } = refusals;
    expect(wire(problem('notMember'))).toEqual([403, v1('Access denied', 'FORBIDDEN')]);
    expect(wire(problem('workspaceUnknown'))).toEqual(wire(problem('notMember')));
    expect(wire(problem('foreignWorkspaceKey'))).toEqual([403, v1(SCOPE, 'FORBIDDEN')]);
    expect(wire(problem('personalKeysDisabled'))).toEqual([403, v1(PERSONAL, 'PERSONAL_API_KEYS_DISABLED')]);
  });

  it('to one log is that there is none', () => {
    expect(wire(refusals.logDetailAccessProblem())).toEqual([404, v1('Log not found', 'NOT_FOUND')]);
    expect(wire(refusals.executionDetailAccessProblem())).toEqual([
      404,
      v1('Workflow execution not found', 'NOT_FOUND'),
    ]);
  });

  it('in v2 conceals what may not be seen and names the rest', () => {
    const problem = refusals.v2AccessProblem;
    for (const refusal of ['notMember', 'foreignWorkspaceKey', 'workspaceUnknown'] as const) {
      expect(wire(problem(refusal, 'Workflow', 'personal'), true)).toEqual([
        404,
        v2('NOT_FOUND', 'Workflow not found'),
      ]);
      expect(wire(problem(refusal, 'Run', 'workspace'), true)).toEqual([404, v2('NOT_FOUND', 'Run not found')]);
    }
    expect(wire(problem('personalKeysDisabled', 'Workflow', 'personal'), true)).toEqual([
      403,
      v2('FORBIDDEN', PERSONAL, { code: 'PERSONAL_API_KEYS_DISABLED' }),
    ]);
    expect(problem('insufficientRole', 'Workflow', 'workspace').options.details).toEqual({
      code: 'WORKSPACE_KEY_OPERATION_NOT_PERMITTED',
    });
  });
});

describe('a directory that cannot know', () => {
  it('is 503 with a time to come back; other errors are passed on', () => {
    const problem = refusals.unavailableProblem(new DirectoryUnavailable('flushed')) as Problem;
    expect([problem.status, problem.options.retryAfterSeconds, problem.message]).toEqual([
      503,
      5,
      'Service temporarily unavailable',
    ]);
    const other = new Error('other');
    expect(refusals.unavailableProblem(other)).toBe(other);
  });
});
