import { OPERATOR, SYSTEM } from '../fact.js';
import {
  changePlan,
  changeUsageLimit,
  evolve,
  type PersonFact,
  type PersonState,
  register,
  reinstate,
  suspend,
} from './person.js';

function given(...more: PersonFact[]): PersonState {
  return [register('ada', 'ada@example.com', 'Ada', SYSTEM), ...more].reduce<PersonState | undefined>(
    evolve,
    undefined,
  ) as PersonState;
}

test('a new person is on the free plan, with its allowance, and not suspended', () => {
  expect(given()).toEqual({
    userId: 'ada',
    email: 'ada@example.com',
    name: 'Ada',
    plan: 'free',
    usageLimitMicros: null,
    suspended: false,
  });
});

test('suspending and lifting it are facts once each', () => {
  const [suspended] = suspend(given(), OPERATOR) as [PersonFact];
  expect(suspended).toEqual({ type: 'UserSuspended', data: { userId: 'ada', actor: OPERATOR } });
  expect(suspend(given(suspended), OPERATOR)).toEqual([]);
  expect(reinstate(given(), OPERATOR)).toEqual([]);
  const [lifted] = reinstate(given(suspended), OPERATOR) as [PersonFact];
  expect(given(suspended, lifted)).toEqual(given());
});

test('a registration that is heard again lifts no suspension and changes no plan', () => {
  const again = register('ada', 'ada@example.com', 'Ada', SYSTEM);
  const [suspended] = suspend(given(), OPERATOR) as [PersonFact];
  const [planned] = changePlan(given(), 'pro', OPERATOR) as [PersonFact];
  expect(given(suspended, planned, again)).toEqual({ ...given(), suspended: true, plan: 'pro' });
});

test('plan and limit change only when they differ; null goes back to the allowance of the plan', () => {
  expect(changePlan(given(), 'free', OPERATOR)).toEqual([]);
  expect(changeUsageLimit(given(), null, OPERATOR)).toEqual([]);
  const [limited] = changeUsageLimit(given(), 0, OPERATOR) as [PersonFact];
  expect(given(limited).usageLimitMicros).toBe(0);
  const [freed] = changeUsageLimit(given(limited), null, OPERATOR) as [PersonFact];
  expect(given(limited, freed)).toEqual(given());
});
