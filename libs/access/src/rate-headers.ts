import { Problem, isV2Path } from '@tollgate/contracts';
import type { BucketState } from './admission.js';

/** The header names of contract A1 row 6, in the case that Sim sends. */
export type RateHeaders = Record<'X-RateLimit-Limit' | 'X-RateLimit-Remaining' | 'X-RateLimit-Reset', string>;

/**
 * The rate headers of an answer: integers, and `Reset` as ISO 8601 on `/api/v1/*` and `/api/v2/*`, as epoch seconds
 * elsewhere, where older clients fail on anything but an integer (contract A1 row 6, B9.5).
 */
export function rateHeaders(rate: BucketState, path: string): RateHeaders {
  return {
    'X-RateLimit-Limit': String(rate.limit),
    'X-RateLimit-Remaining': String(rate.remaining),
    'X-RateLimit-Reset': isVersionedPath(path)
      ? new Date(rate.resetAtMs).toISOString()
      : String(Math.ceil(rate.resetAtMs / 1000)),
  };
}

/** The 429 of an API route, worded as contract B4 says for v1 and v2. */
export function apiRateProblem(rate: BucketState, retryAfterSeconds: number, path: string): Problem {
  const retryAfter = new Date(rate.resetAtMs).toISOString();
  const options = { retryAfterSeconds, headers: rateHeaders(rate, path) };
  if (isV2Path(path)) {
    return new Problem('rateLimited', { ...options, text: 'API rate limit exceeded', details: { retryAfter } });
  }
  return new Problem('rateLimited', {
    ...options,
    text: 'Rate limit exceeded',
    body: {
      message: `API rate limit exceeded. Please retry after ${retryAfter}`,
      retryAfter: rate.resetAtMs,
    },
  });
}

function isVersionedPath(path: string): boolean {
  return path.startsWith('/api/v1/') || isV2Path(path);
}
