import type { AccessRefusal, AdmissionAnswer, BucketState } from '@tollgate/access';

/**
 * Why a run may not start, as a value: each surface (v1, v2, MCP) words it in its own way. Contract B3.1's order decides
 * which one it is when several hold.
 */
export type RunRefusal =
  | { kind: 'workflowUnknown' }
  | { kind: 'access'; refusal: AccessRefusal }
  /** The body names a trigger other than the surface's own. */
  | { kind: 'triggerOverridden' }
  | { kind: 'runIdUsed'; runId: string }
  | { kind: 'notDeployed' }
  | { kind: 'suspended' }
  | { kind: 'overBudget'; usedMicros: number; limitMicros: number }
  | { kind: 'rateLimited'; rate: BucketState; retryAfterSeconds: number }
  | { kind: 'tooManyConcurrent'; rate: BucketState | null; retryAfterSeconds: number }
  /** This process has as many runs under way as it may have. */
  | { kind: 'atCapacity' }
  /** A run to be queued may or may not have been (v2: `ASYNC_ENQUEUE_AMBIGUOUS`): the queue did not confirm it. */
  | { kind: 'notQueued' }
  /** Nobody's fault: what the run needs cannot be had now. `reason` is for the log of the operator alone. */
  | { kind: 'unavailable'; reason: string };

/** The cause of the Problem that words `notQueued`: a run may or may not be in the queue. */
export class EnqueueUnconfirmed extends Error {
  constructor() {
    super('the queue of runs did not confirm');
  }
}

export interface RefusedRun {
  admitted: false;
  refusal: RunRefusal;
}

export function refused(refusal: RunRefusal): RefusedRun {
  return { admitted: false, refusal };
}

/** What admission's counters refused. */
export function refusalOf(answer: Exclude<AdmissionAnswer, { outcome: 'admitted' }>, runId: string): RunRefusal {
  switch (answer.outcome) {
    case 'runIdUsed':
      return { kind: 'runIdUsed', runId };
    case 'notDeployed':
      return { kind: 'notDeployed' };
    case 'suspended':
      return { kind: 'suspended' };
    case 'overBudget':
      return { kind: 'overBudget', usedMicros: answer.usedMicros, limitMicros: answer.limitMicros };
    case 'rateLimited':
      return { kind: 'rateLimited', rate: answer.rate, retryAfterSeconds: answer.retryAfterSeconds };
    case 'tooManyConcurrent':
      return { kind: 'tooManyConcurrent', rate: answer.rate, retryAfterSeconds: answer.retryAfterSeconds };
    case 'noRoom':
      return { kind: 'unavailable', reason: 'the admission counters have no room' };
  }
}

/** Refusals that leave an error in the log at zero cost (contract B3.1 "Side effects", A6 "Odd cases"). */
export function isLoggedRefusal({ kind }: RunRefusal): boolean {
  return kind === 'suspended' || kind === 'overBudget' || kind === 'rateLimited' || kind === 'tooManyConcurrent';
}
