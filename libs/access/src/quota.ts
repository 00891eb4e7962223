import type { Plan } from '@tollgate/contracts';
import type { BucketName, BucketState } from './admission.js';

/** What a caller has left, apart from starting runs: tokens of the API routes, and looks that consume nothing. */
export abstract class Quota {
  /** Takes one token of a bucket; `allowed` false when there is none. Null state: the plan's rate is `off`. */
  abstract take(request: BucketRequest): TakeAnswer | Promise<TakeAnswer>;

  /** The bucket as it stands; takes nothing. */
  abstract peek(request: BucketRequest): BucketState | null | Promise<BucketState | null>;

  /** What the payer has used in the current billing period (UTC month), in micro-dollars: settled plus held. */
  abstract spentMicros(payerUserId: string, nowMs: number): number | Promise<number>;
}

export interface BucketRequest {
  bucketId: string;
  bucket: BucketName;
  plan: Plan;
  nowMs: number;
}

export type TakeAnswer = { allowed: boolean; rate: BucketState | null; retryAfterSeconds: number };
