import { Problem } from '@tollgate/contracts';
import { QueryFailedError } from 'typeorm';
import { toProblem } from './problems.filter.js';

const coded = (code: string, message = 'as PostgreSQL says it') => Object.assign(new Error(message), { code });

describe('a fault of the database that passes', () => {
  test.each([
    ['57P01', 'is being shut down'],
    ['57P03', 'is starting up'],
    ['57014', 'ended a statement that took too long'],
    ['53300', 'has no connection left'],
    ['53100', 'has no room on its disk'],
    ['55000', 'takes nobody'],
    ['08006', 'lost the connection'],
    ['25006', 'is a standby now'],
    ['40P01', 'ended one of two transactions in each other’s way'],
    ['ECONNREFUSED', 'does not run'],
    ['ETIMEDOUT', 'does not answer'],
  ])('%s, it %s: 503 with Retry-After, also from under TypeORM', (code) => {
    for (const error of [coded(code), new QueryFailedError('SELECT 1', [], coded(code))]) {
      const { kind, options } = toProblem(error);
      expect([kind, options.retryAfterSeconds, options.cause]).toEqual(['unavailable', 5, error]);
    }
  });

  test.each([
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
  ])('what the client library says without a code is known too: %s', (message) => {
    expect(toProblem(new Error(message)).kind).toBe('unavailable');
  });
});

test.each([new Error('a bug'), coded('42P01'), coded('23505'), coded('22P02'), undefined, 'text', { code: 55000 }])(
  'any other fault is a 500 that tells nothing: %p',
  (error) => {
    const problem = toProblem(error);
    expect([problem.kind, problem.message]).toEqual(['internal', 'Internal server error']);
  },
);

test('a refusal on purpose stays what it is', () => {
  const problem = new Problem('notFound');
  expect(toProblem(problem)).toBe(problem);
});
