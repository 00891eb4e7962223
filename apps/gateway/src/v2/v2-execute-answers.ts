import { apiRateProblem, type BucketState, rateHeaders, v2AccessProblem } from '@tollgate/access';
import { type KeyKind, Problem, type V2RunError, v2RunErrorSchema } from '@tollgate/contracts';
import { refusalProblem } from '../execute/execute-answers.js';
import { EnqueueUnconfirmed, type RunRefusal } from '../runs/run-refusal.js';
import type { EndedRun } from '../runs/ended-run.js';
import { blockOutputsOf } from './block-outputs.js';

export const V2_EXECUTE_PATH = '/api/v2/workflows/:workflowId/execute';

const BUSY_RETRY_SECONDS = 5;

/** A refused run in the words of v2 (contract B3.2, B4); those that both generations share are v1's. */
export function v2RefusalProblem(refusal: RunRefusal, keyKind: KeyKind): Problem {
  switch (refusal.kind) {
    case 'access':
      return v2AccessProblem(refusal.refusal, 'Workflow', keyKind);
    case 'runIdUsed':
      return new Problem('conflict', {
        text: 'Run ID has already been used',
        details: { code: 'RUN_ID_CONFLICT', runId: refusal.runId },
      });
    case 'rateLimited':
      return apiRateProblem(refusal.rate, refusal.retryAfterSeconds, V2_EXECUTE_PATH);
    case 'tooManyConcurrent':
      return new Problem('tooManyConcurrent', {
        retryAfterSeconds: refusal.retryAfterSeconds,
        headers: headersOf(refusal.rate),
      });
    case 'atCapacity':
      return new Problem('atCapacity', {
        retryAfterSeconds: BUSY_RETRY_SECONDS,
        details: { code: 'ADMISSION_GATE_CAPACITY', retryable: true, retryAfterSeconds: BUSY_RETRY_SECONDS },
      });
    case 'notQueued':
      // It may have been queued all the same: whoever is told when to come back would queue it twice.
      return new Problem('unavailable', {
        details: { code: 'ASYNC_ENQUEUE_AMBIGUOUS' },
        cause: new EnqueueUnconfirmed(),
      });
    default:
      return refusalProblem(refusal);
  }
}

export function headersOf(rate: BucketState | null): Record<string, string> {
  return rate === null ? {} : { ...rateHeaders(rate, V2_EXECUTE_PATH) };
}

/** A run that ended, failed ones included (contract B3.2): output spliced in as it came. */
export function v2RunAnswer(run: EndedRun, workflowId: string, selectedOutputs?: readonly string[]): string {
  const { runId, status, startedAt, endedAt, durationMs, outputJson } = run;
  const head = JSON.stringify({ runId, workflowId, status }).slice(0, -1);
  const blockOutputs = blockOutputsOf(outputJson, selectedOutputs);
  const tail = JSON.stringify({ error: errorOf(run.error), startedAt, endedAt, durationMs }).slice(1);
  return `{"data":${head},"output":${outputJson},"blockOutputs":${blockOutputs},${tail}}`;
}

/** The error of a run as v2 names it; a code that v2 does not know is a failed execution. */
export function errorOf(error: { code: string; message: string } | undefined | null): V2RunError | null {
  if (!error) return null;
  const code = v2RunErrorSchema.shape.code.safeParse(error.code);
  return { code: code.success ? code.data : 'EXECUTION_FAILED', message: error.message };
}
