import type { Actor, Plan } from '@tollgate/contracts';
import type { FactOf } from '../fact.js';

/** The rules of a person. Pure. */
export type PersonFact = FactOf<
  'UserRegistered' | 'UserSuspended' | 'UserReinstated' | 'PlanChanged' | 'UsageLimitChanged'
>;

export interface PersonState {
  userId: string;
  email: string;
  name: string;
  plan: Plan;
  /** Null: the plan's allowance. */
  usageLimitMicros: number | null;
  suspended: boolean;
}

/** The plan that everybody starts with. */
export const FIRST_PLAN: Plan = 'free';

/** Folds a fact into the state; the same fact twice is once. */
export function evolve(state: PersonState | undefined, { type, data }: PersonFact): PersonState | undefined {
  if (type === 'UserRegistered') {
    if (state) return state;
    const { userId, email, name, plan } = data;
    return { userId, email, name, plan, usageLimitMicros: null, suspended: false };
  }
  if (!state) return undefined;
  switch (type) {
    case 'UserSuspended':
      return { ...state, suspended: true };
    case 'UserReinstated':
      return { ...state, suspended: false };
    case 'PlanChanged':
      return { ...state, plan: data.plan };
    case 'UsageLimitChanged':
      return { ...state, usageLimitMicros: data.limitMicros };
  }
}

export function register(userId: string, email: string, name: string, actor: Actor): FactOf<'UserRegistered'> {
  return { type: 'UserRegistered', data: { userId, email, name, plan: FIRST_PLAN, actor } };
}

export function suspend(person: PersonState, actor: Actor): FactOf<'UserSuspended'>[] {
  return person.suspended ? [] : [{ type: 'UserSuspended', data: { userId: person.userId, actor } }];
}

export function reinstate(person: PersonState, actor: Actor): FactOf<'UserReinstated'>[] {
  return person.suspended ? [{ type: 'UserReinstated', data: { userId: person.userId, actor } }] : [];
}

export function changePlan(person: PersonState, plan: Plan, actor: Actor): FactOf<'PlanChanged'>[] {
  return person.plan === plan ? [] : [{ type: 'PlanChanged', data: { userId: person.userId, plan, actor } }];
}

export function changeUsageLimit(
  person: PersonState,
  limitMicros: number | null,
  actor: Actor,
): FactOf<'UsageLimitChanged'>[] {
  if (person.usageLimitMicros === limitMicros) return [];
  return [{ type: 'UsageLimitChanged', data: { userId: person.userId, limitMicros, actor } }];
}
