import type { Plan } from '@tollgate/contracts';

/**
 * Admission: may this run start now? Rate, concurrency, budget and the one-shot run id in one call, so that parallel
 * requests cannot overrun a limit between check and charge.
 */
export abstract class Admission {
  /** Decides and, when admitted, takes the token, the concurrency slot, the reservation and the run id together. */
  abstract admit(request: AdmissionRequest): AdmissionAnswer | Promise<AdmissionAnswer>;

  /** Ends a run: frees its slot and turns its reservation into what it cost; held until billing settles it. */
  abstract finish(runId: string, payerUserId: string, costMicros: number): void | Promise<void>;

  /**
   * Billing's word on what is in the ledger: payers' totals of a period, which replace what was held for those runs.
   * An older total never overwrites a newer one.
   */
  abstract settle(settlements: readonly Settlement[]): void | Promise<void>;
}

export interface AdmissionRequest {
  runId: string;
  /** True when the caller chose the run id (`X-Execution-Id`): a second use is refused. */
  runIdClaimed: boolean;
  payerUserId: string;
  plan: Plan;
  /** The operator's own limit for this payer; null: the plan's allowance. */
  usageLimitMicros: number | null;
  /** Whose token bucket: the caller's on API routes, the payer's on execute. */
  bucketId: string;
  bucket: BucketName;
  reserveMicros: number;
  nowMs: number;
}

export type BucketName = 'sync' | 'async' | 'api';

export interface BucketState {
  limit: number;
  requestsPerMinute: number;
  remaining: number;
  resetAtMs: number;
}

export type AdmissionAnswer =
  | { outcome: 'admitted'; rate: BucketState | null }
  | { outcome: 'runIdUsed' }
  | { outcome: 'overBudget'; usedMicros: number; limitMicros: number }
  | { outcome: 'rateLimited'; rate: BucketState; retryAfterSeconds: number }
  | { outcome: 'tooManyConcurrent'; rate: BucketState | null; retryAfterSeconds: number };

export interface Settlement {
  payerUserId: string;
  /** First instant of the billing period (UTC month), e.g. `2026-11`. */
  period: string;
  totalMicros: number;
  /** The runs that this total now includes and earlier ones did not. */
  runIds: readonly string[];
  /** Position in the usage log up to which the total counts. */
  position: bigint;
}
