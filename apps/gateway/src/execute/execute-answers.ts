import { type BucketState, executeAccessProblem, rateHeaders } from '@tollgate/access';
import { microsToDecimal, Problem } from '@tollgate/contracts';
import { EnqueueUnconfirmed, type RunRefusal } from '../runs/run-refusal.js';

export const EXECUTE_PATH = '/api/workflows/:id/execute';

const BUSY_RETRY_SECONDS = 5;
const UNAVAILABLE_RETRY_SECONDS = 5;

/** What a run that ended is answered with (contract B3.1 "Sync 200"); output and metadata as JSON. */
export function runAnswer(run: {
  success: boolean;
  runId: string;
  outputJson: string;
  error: string | undefined;
  durationMs: number;
  startedAt: string;
  endedAt: string;
}): string {
  const error = run.error === undefined ? '' : `,"error":${JSON.stringify(run.error)}`;
  return (
    `{"success":${run.success},"executionId":"${run.runId}","output":${run.outputJson}${error}` +
    `,"metadata":{"duration":${run.durationMs},"startTime":"${run.startedAt}","endTime":"${run.endedAt}"}}`
  );
}

/** The 408 of a run that was ended by its plan's limit. */
export function timeoutAnswer(run: {
  outputJson: string;
  timeoutMs: number;
  durationMs: number;
  startedAt: string;
  endedAt: string;
}): string {
  return (
    `{"success":false,"output":${run.outputJson},"error":${JSON.stringify(timeoutText(run.timeoutMs))}` +
    `,"metadata":{"duration":${run.durationMs},"startTime":"${run.startedAt}","endTime":"${run.endedAt}"}}`
  );
}

/** Contract A6 "Odd cases": under a minute in seconds. */
export function timeoutText(timeoutMs: number): string {
  const isShort = timeoutMs < 60_000;
  const count = Math.round(timeoutMs / (isShort ? 1_000 : 60_000));
  const unit = isShort ? 'second' : 'minute';
  return `Execution timed out after ${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** A refused run in the words of v1 (contract B3.1, A6 "v1 code"). */
export function refusalProblem(refusal: RunRefusal): Problem {
  switch (refusal.kind) {
    case 'workflowUnknown':
      return new Problem('notFound', { text: 'Workflow not found' });
    case 'access':
      return executeAccessProblem(refusal.refusal);
    case 'triggerOverridden':
      return new Problem('badRequest', { text: 'External callers cannot override triggerType' });
    case 'runIdUsed':
      return executionIdConflict(refusal.runId);
    case 'notDeployed':
    case 'suspended':
      return new Problem(refusal.kind);
    case 'overBudget':
      return overBudget(refusal.usedMicros, refusal.limitMicros);
    case 'rateLimited':
      return rateLimited(refusal.rate, refusal.retryAfterSeconds);
    case 'tooManyConcurrent':
      return tooManyConcurrent(refusal.rate, refusal.retryAfterSeconds);
    case 'atCapacity':
      return atCapacity();
    case 'notQueued':
      return new Problem('unavailable', {
        retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS,
        cause: new EnqueueUnconfirmed(),
      });
    case 'unavailable':
      return unavailable(refusal.reason);
  }
}

export function executionIdConflict(executionId: string): Problem {
  return new Problem('executionIdConflict', { body: { executionId } });
}

export function overBudget(usedMicros: number, limitMicros: number): Problem {
  return new Problem('usageLimit', {
    text:
      `Usage limit exceeded: $${dollars(usedMicros)} used of $${dollars(limitMicros)} limit. ` +
      'Please upgrade your plan or raise the limit to continue.',
  });
}

/** Two places, rounded down, so that the text never says that more was used than was. */
function dollars(micros: number): string {
  return microsToDecimal(Math.trunc(micros)).slice(0, -4);
}

export function rateLimited(rate: BucketState, retryAfterSeconds: number): Problem {
  return new Problem('rateLimited', { retryAfterSeconds, headers: rateHeaders(rate, EXECUTE_PATH) });
}

export function tooManyConcurrent(rate: BucketState | null, retryAfterSeconds: number): Problem {
  return new Problem('tooManyConcurrent', {
    retryAfterSeconds,
    ...(rate && { headers: rateHeaders(rate, EXECUTE_PATH) }),
  });
}

/** The whole process is at its bound (contract B3.1 "Server at capacity"). */
export function atCapacity(): Problem {
  return new Problem('atCapacity', {
    retryAfterSeconds: BUSY_RETRY_SECONDS,
    body: {
      message: 'Server is at capacity. Please try again shortly.',
      retryable: true,
      retryAfterSeconds: BUSY_RETRY_SECONDS,
    },
  });
}

export function unavailable(reason: string): Problem {
  return new Problem('unavailable', { retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS, cause: new Error(reason) });
}
