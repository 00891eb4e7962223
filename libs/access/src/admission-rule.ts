import type { AdmissionAnswer, Precheck } from './admission.js';
import type { Taken } from './token-bucket.js';

/** Everything that decides on a run, read at one instant. Null limits are `off`. */
export interface AdmissionFacts {
  runIdUsed: boolean;
  precheck: Precheck | undefined;
  /** The payer's settled and held micro-dollars of the current period. */
  usedMicros: number;
  reserveMicros: number;
  usageLimitMicros: number | null;
  /** What taking a token would do; null: the rate is `off`. */
  taken: Taken | null;
  runningCount: number;
  runningMax: number | null;
  /** Whether the counters can keep what an admitted run needs. */
  room: boolean;
}

/** How long a payer with too many runs should wait: no run tells when it ends, so as long as Sim says at capacity. */
export const BUSY_RETRY_AFTER_SECONDS = 5;

/**
 * The order of contract B3.1: used run id (409), what the caller found (403), budget (402), rate (429), concurrency (429),
 * room (503). A body takes what the run needs if and only if the answer is `admitted`; a refusal changes nothing.
 *
 * The budget is refused when it is used up, and when this run's reservation would go beyond it, so that runs in parallel
 * cannot overrun it. A run that costs more than was reserved can: what an upstream reports is known only afterwards.
 */
export function decideAdmission(facts: AdmissionFacts): AdmissionAnswer {
  const { taken, usedMicros, usageLimitMicros } = facts;
  if (facts.runIdUsed) return { outcome: 'runIdUsed' };
  if (facts.precheck) return { outcome: facts.precheck };
  if (usageLimitMicros !== null && isOver(usedMicros, facts.reserveMicros, usageLimitMicros)) {
    return { outcome: 'overBudget', usedMicros, limitMicros: usageLimitMicros };
  }
  if (taken && !taken.allowed) {
    return { outcome: 'rateLimited', rate: taken.rate, retryAfterSeconds: taken.retryAfterSeconds };
  }
  if (facts.runningMax !== null && facts.runningCount >= facts.runningMax) {
    return {
      outcome: 'tooManyConcurrent',
      // The token of a run that is refused for another reason stays in the bucket.
      rate: taken && { ...taken.rate, remaining: taken.rate.remaining + 1 },
      retryAfterSeconds: BUSY_RETRY_AFTER_SECONDS,
    };
  }
  if (!facts.room) return { outcome: 'noRoom', retryAfterSeconds: BUSY_RETRY_AFTER_SECONDS };
  return { outcome: 'admitted', rate: taken ? taken.rate : null };
}

function isOver(usedMicros: number, reserveMicros: number, limitMicros: number): boolean {
  return usedMicros >= limitMicros || usedMicros + reserveMicros > limitMicros;
}
