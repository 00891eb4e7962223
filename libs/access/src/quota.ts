import type { Plan } from '@tollgate/contracts';
import type { BucketName, BucketState } from './admission.js';

/** What a caller has left, apart from starting runs: tokens of the API routes, and looks that consume nothing. */
export abstract class Quota {
  /**
   * Takes one token of each of the buckets, or of none of them: `allowed` only when every one has a token, `rate` the
   * tightest. In one call, so that the buckets of a request are never taken apart. Null state: the plan's rate is `off`.
   */
  abstract take(request: TakeRequest): TakeAnswer | Promise<TakeAnswer>;

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

export interface TakeRequest extends Omit<BucketRequest, 'bucketId'> {
  /** At least one; all draw at the same plan's rate. */
  bucketIds: readonly string[];
}

export type TakeAnswer = { allowed: boolean; rate: BucketState | null; retryAfterSeconds: number };
