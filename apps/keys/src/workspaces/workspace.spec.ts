import { MEMBERS_MAX, type Role } from '@tollgate/contracts';
import fc from 'fast-check';
import { userActor } from '../fact.js';
import {
  addMember,
  change,
  changeRoles,
  evolve,
  found,
  removeMember,
  type WorkspaceFact,
  type WorkspaceState,
} from './workspace.js';

const ada = userActor('ada');

function given(...more: WorkspaceFact[]): WorkspaceState {
  return [...found('w1', 'Workshop', 'ada', ada), ...more].reduce<WorkspaceState | undefined>(
    evolve,
    undefined,
  ) as WorkspaceState;
}
const joined = (userId: string, role: Role): WorkspaceFact => ({
  type: 'MemberAdded',
  data: { workspaceId: 'w1', userId, role, actor: ada },
});
const billedTo = (userId: string): WorkspaceFact => ({
  type: 'BilledAccountChanged',
  data: { workspaceId: 'w1', billedAccountUserId: userId, actor: ada },
});

test('a new workspace is owned and paid by its creator, who is its only admin; personal keys are allowed', () => {
  expect(given()).toEqual({
    workspaceId: 'w1',
    name: 'Workshop',
    ownerId: 'ada',
    billedAccountUserId: 'ada',
    allowPersonalApiKeys: true,
    roles: new Map([['ada', 'admin']]),
  });
});

describe('changing', () => {
  test('each change is a fact of its own; what is as it was makes none', () => {
    const state = given(joined('ben', 'admin'));
    const changes = { name: 'Workshop', allowPersonalApiKeys: false, billedAccountUserId: 'ben' };
    expect(change(state, changes, ada)).toEqual({
      outcome: 'decided',
      facts: [
        { type: 'PersonalKeysDisallowed', data: { workspaceId: 'w1', actor: ada } },
        { type: 'BilledAccountChanged', data: { workspaceId: 'w1', billedAccountUserId: 'ben', actor: ada } },
      ],
    });
  });

  test.each(['ben', 'nobody'])(
    'billing %s, who is no admin, is refused, and nothing else of the request happens',
    (userId) => {
      const decided = change(given(joined('ben', 'write')), { name: 'Other', billedAccountUserId: userId }, ada);
      expect(decided).toEqual({ outcome: 'billedAccountNotAdmin' });
    },
  );
});

describe('members', () => {
  test('somebody new is added', () => {
    expect(addMember(given(), 'ben', 'write', ada)).toEqual({ outcome: 'decided', facts: [joined('ben', 'write')] });
  });

  test('a member is not added again: an add must not change a role', () => {
    expect(addMember(given(joined('ben', 'read')), 'ben', 'admin', ada)).toEqual({ outcome: 'alreadyMember' });
  });

  test('a full workspace takes nobody', () => {
    const others = Array.from({ length: MEMBERS_MAX - 1 }, (_, index) => [`u${index}`, 'read'] as const);
    const full = { ...given(), roles: new Map<string, Role>([['ada', 'admin'], ...others]) };
    expect(addMember(full, 'ben', 'read', ada)).toEqual({ outcome: 'tooManyMembers' });
  });

  test('the owner stays an admin, and so does the billed account', () => {
    const state = given(joined('ben', 'admin'), billedTo('ben'));
    expect(changeRoles(state, [{ userId: 'ada', role: 'write' }], ada)).toEqual({
      outcome: 'ownerStaysAdmin',
      userId: 'ada',
    });
    expect(changeRoles(state, [{ userId: 'ben', role: 'read' }], ada)).toEqual({
      outcome: 'billedAccountStaysAdmin',
      userId: 'ben',
    });
  });

  test('of several role changes one refusal refuses all', () => {
    const updates = [{ userId: 'ben', role: 'write' } as const, { userId: 'nobody', role: 'read' } as const];
    expect(changeRoles(given(joined('ben', 'read')), updates, ada)).toEqual({ outcome: 'notMember', userId: 'nobody' });
  });

  test('neither the owner nor the billed account is removed; others are', () => {
    const state = given(joined('ben', 'admin'), joined('cleo', 'read'), billedTo('ben'));
    expect(removeMember(state, 'ada', ada)).toEqual({ outcome: 'ownerStays' });
    expect(removeMember(state, 'ben', ada)).toEqual({ outcome: 'billedAccountStays' });
    expect(removeMember(state, 'nobody', ada)).toEqual({ outcome: 'notMember' });
    expect(removeMember(state, 'cleo', ada)).toEqual({
      outcome: 'decided',
      facts: [{ type: 'MemberRemoved', data: { workspaceId: 'w1', userId: 'cleo', actor: ada } }],
    });
  });
});

test('whatever is asked for, owner and billed account are admins, and a decision applied twice is once', () => {
  const people = fc.constantFrom('ada', 'ben', 'cleo', 'dan');
  const role = fc.constantFrom<Role>('admin', 'write', 'read');
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), userId: people, role }),
    fc.record({ kind: fc.constant('role' as const), userId: people, role }),
    fc.record({ kind: fc.constant('remove' as const), userId: people }),
    fc.record({ kind: fc.constant('bill' as const), userId: people }),
    fc.record({ kind: fc.constant('allow' as const), userId: people, allow: fc.boolean() }),
  );
  type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
  const decide = (state: WorkspaceState, wish: Step) => {
    if (wish.kind === 'add') return addMember(state, wish.userId, wish.role, ada);
    if (wish.kind === 'role') return changeRoles(state, [{ userId: wish.userId, role: wish.role }], ada);
    if (wish.kind === 'remove') return removeMember(state, wish.userId, ada);
    if (wish.kind === 'bill') return change(state, { billedAccountUserId: wish.userId }, ada);
    return change(state, { allowPersonalApiKeys: wish.allow }, ada);
  };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let state = given();
      for (const wish of steps) {
        const decided = decide(state, wish);
        const facts = 'facts' in decided ? decided.facts : [];
        const next = facts.reduce<WorkspaceState | undefined>(evolve, state) as WorkspaceState;
        expect(facts.reduce<WorkspaceState | undefined>(evolve, next)).toEqual(next);
        state = next;
        expect(state.roles.get(state.ownerId)).toBe('admin');
        expect(state.roles.get(state.billedAccountUserId)).toBe('admin');
      }
    }),
  );
});
