import type { Plan } from '@tollgate/contracts';

/**
 * Admission: may this run start now? Rate, concurrency, budget and the one-shot run id in one call, so that parallel
 * requests cannot overrun a limit between check and charge.
 */
export abstract class Admission {
  /**
   * Decides in the order of contract B3.1 and, when admitted, takes the token, the concurrency slot, the reservation and
   * the run id together. A refused run takes nothing: its id may be used again.
   */
  abstract admit(request: AdmissionRequest): AdmissionAnswer | Promise<AdmissionAnswer>;

  /**
   * Ends a run: frees its slot and turns its reservation into what it cost, held until billing settles it. Once for each
   * admitted run, also when it never started (cost 0). A run that is not known here, as after a restart, is just held,
   * unless billing settled it a short while ago.
   */
  abstract finish(runId: string, payerUserId: string, costMicros: number): void | Promise<void>;

  /**
   * Billing's word on what is in the ledger: payers' totals of a period, which replace what was held for those runs.
   * An older total never overwrites a newer one.
   */
  abstract settle(settlements: readonly Settlement[]): void | Promise<void>;
}

export interface AdmissionRequest {
  runId: string;
  /** True when the caller chose the run id (`X-Execution-Id`): a second use by the same payer is refused, whatever others use. */
  runIdClaimed: boolean;
  payerUserId: string;
  plan: Plan;
  /** The operator's own limit for this payer; null: the plan's allowance. */
  usageLimitMicros: number | null;
  /** Whose token bucket: the caller's on API routes, the payer's on execute. */
  bucketId: string;
  bucket: BucketName;
  /** What the run will cost at least; held from its payer's budget until billing settles it. */
  reserveMicros: number;
  nowMs: number;
  /** Default `run`. */
  stage?: AdmissionStage;
  /**
   * What the caller found out that refuses the run anyway. It is passed in, not answered beforehand, because contract
   * B3.1 puts a used run id (409) before it, and budget and rate after it.
   */
  precheck?: Precheck;
  /** False: the run could not be kept when it ends. Decided last (503), as contract B3.1 has it, and nothing is taken. */
  hasRoom?: boolean;
}

/**
 * `run`: all of it at once. `queue`: for a run that waits in a queue: everything but concurrency decides, and nothing but the slot
 * is taken; the reservation is held until `finish`, or until it starts. `start`: of a run that was admitted before, from the queue or
 * after the gateway that began it was lost: concurrency alone decides, the slot is taken and the reservation kept; said
 * twice of one run it takes one slot.
 */
export type AdmissionStage = 'run' | 'queue' | 'start';

export type Precheck = 'notDeployed' | 'suspended';

/** `address`: calls without a usable key, by their address; its rate is the same in every plan. */
export type BucketName = 'sync' | 'async' | 'api' | 'address';

export interface BucketState {
  limit: number;
  requestsPerMinute: number;
  remaining: number;
  resetAtMs: number;
}

export type AdmissionAnswer =
  | { outcome: 'admitted'; rate: BucketState | null }
  | { outcome: 'runIdUsed' }
  | { outcome: Precheck }
  | { outcome: 'overBudget'; usedMicros: number; limitMicros: number }
  | { outcome: 'rateLimited'; rate: BucketState; retryAfterSeconds: number }
  | { outcome: 'tooManyConcurrent'; rate: BucketState | null; retryAfterSeconds: number }
  /** A bound of the counters themselves is reached: 503, nobody's fault. */
  | { outcome: 'noRoom'; retryAfterSeconds: number };

export interface Settlement {
  payerUserId: string;
  /** First instant of the billing period (UTC month), e.g. `2026-11`. */
  period: string;
  totalMicros: number;
  /** The runs that this total now includes and earlier ones did not. */
  runIds: readonly string[];
  /** Position of the newest of his events that the total counts: it compares only within one payer. */
  position: bigint;
}
