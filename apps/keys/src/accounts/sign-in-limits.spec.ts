import { Problem } from '@tollgate/contracts';
import { Clock, loadConfig } from '@tollgate/service-kit';
import { SignInLimits } from './sign-in-limits.js';

class HandClock extends Clock {
  ms = Date.parse('2026-11-24T10:00:00.000Z');
  override nowMs(): number {
    return this.ms;
  }
}

const MINUTE_MS = 60_000;
const wrong = () => Promise.resolve({ status: 401 });
const right = () => Promise.resolve({ status: 200 });
const failed = ({ status }: { status: number }) => status === 401;

let clock: HandClock;
let limits: SignInLimits;
beforeEach(() => {
  clock = new HandClock();
  limits = new SignInLimits(loadConfig({ SIGN_IN_FAILURES_MAX: '10', SIGN_IN_TRIES_PER_MINUTE: '600' }), clock);
});

const outcomeOf = (run: () => Promise<{ status: number }>, email = 'ada@example.com') =>
  limits.attempt(email, run, failed).then(
    ({ status }) => status,
    (error: Problem) => error.status,
  );

test('ten failures in 15 minutes close an account, also to the right password, until the oldest is past', async () => {
  for (let nth = 0; nth < 10; nth++) {
    expect(await outcomeOf(wrong)).toBe(401);
    clock.ms += 1_000;
  }
  const refusal = await limits.attempt('ada@example.com', right, failed).catch((error: Problem) => error);
  expect(refusal).toMatchObject({ status: 429, code: 'RATE_LIMIT_EXCEEDED', options: { retryAfterSeconds: 890 } });
  expect(await outcomeOf(right, 'ben@example.com')).toBe(200);
  clock.ms += 890_000;
  expect(await outcomeOf(right)).toBe(200);
});

test('a success does not wipe out failures: a guesser cannot ride on the owner', async () => {
  for (let nth = 0; nth < 9; nth++) await outcomeOf(wrong);
  expect(await outcomeOf(right)).toBe(200);
  expect(await outcomeOf(wrong)).toBe(401);
  expect(await outcomeOf(right)).toBe(429);
});

test('50 wrong tries at the same time: ten are looked at, the others are refused', async () => {
  let looked = 0;
  const slowlyWrong = async () => {
    looked += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return { status: 401 };
  };
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcomeOf(slowlyWrong)));
  expect(looked).toBe(10);
  expect(outcomes.filter((status) => status === 401)).toHaveLength(10);
  expect(outcomes.filter((status) => status === 429)).toHaveLength(40);
});

test('50 right tries at the same time all get in', async () => {
  const slowlyRight = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return { status: 200 };
  };
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcomeOf(slowlyRight)));
  expect(outcomes.every((status) => status === 200)).toBe(true);
});

test('a try that throws counts as no failure and holds nobody up', async () => {
  for (let nth = 0; nth < 30; nth++) {
    await expect(limits.attempt('ada@example.com', () => Promise.reject(new Error('down')), failed)).rejects.toThrow(
      'down',
    );
  }
  expect(await outcomeOf(right)).toBe(200);
});

test('an address has 600 tries a minute, each address its own', () => {
  for (let nth = 0; nth < 600; nth++) limits.countTry('192.0.2.1');
  expect(() => limits.countTry('192.0.2.1')).toThrow(Problem);
  limits.countTry('192.0.2.2');
  clock.ms += MINUTE_MS;
  limits.countTry('192.0.2.1');
});
