import { problemBody } from '@tollgate/contracts';
import { apiRateProblem, rateHeaders } from './rate-headers.js';

const rate = { limit: 60, requestsPerMinute: 30, remaining: 7, resetAtMs: Date.parse('2026-11-24T08:00:00.250Z') };

describe('rate headers', () => {
  it.each([
    ['/api/v1/logs?limit=1', '2026-11-24T08:00:00.250Z'],
    ['/api/v2/logs', '2026-11-24T08:00:00.250Z'],
    ['/api/workflows/f1/execute', '1795507201'],
    ['/api/jobs/j1', '1795507201'],
    ['/api/v10/logs', '1795507201'],
  ])('on %s reset at %s', (path, reset) => {
    expect(rateHeaders(rate, path)).toEqual({
      'X-RateLimit-Limit': '60',
      'X-RateLimit-Remaining': '7',
      'X-RateLimit-Reset': reset,
    });
  });
});

describe('the 429 of an API route', () => {
  it('has the words of v1', () => {
    const problem = apiRateProblem(rate, 42, '/api/v1/logs');
    expect(problem.status).toBe(429);
    expect(problemBody(problem, false)).toEqual({
      error: 'Rate limit exceeded',
      code: 'RATE_LIMIT_EXCEEDED',
      message: 'API rate limit exceeded. Please retry after 2026-11-24T08:00:00.250Z',
      retryAfter: 1795507200250,
    });
    expect(problem.options).toMatchObject({ retryAfterSeconds: 42, headers: { 'X-RateLimit-Remaining': '7' } });
  });

  it('has the words of v2', () => {
    const problem = apiRateProblem(rate, 42, '/api/v2/logs');
    expect(problemBody(problem, true)).toEqual({
      error: {
        code: 'RATE_LIMITED',
        message: 'API rate limit exceeded',
        details: { retryAfter: '2026-11-24T08:00:00.250Z' },
      },
    });
    expect(problem.options.retryAfterSeconds).toBe(42);
  });
});
