import { MEMBERS_MAX } from '@tollgate/contracts';
import type { Actor, Role } from '@tollgate/contracts';
import type { FactOf } from '../fact.js';

/** The rules of a workspace and its members. Pure. The owner and the billed account are always among its admins. */
export type WorkspaceFact = FactOf<
  | 'WorkspaceCreated'
  | 'WorkspaceRenamed'
  | 'PersonalKeysAllowed'
  | 'PersonalKeysDisallowed'
  | 'BilledAccountChanged'
  | 'MemberAdded'
  | 'MemberRoleChanged'
  | 'MemberRemoved'
>;

export interface WorkspaceState {
  workspaceId: string;
  name: string;
  ownerId: string;
  billedAccountUserId: string;
  allowPersonalApiKeys: boolean;
  roles: ReadonlyMap<string, Role>;
}

/** Folds a fact into the state; the same fact twice is once. */
export function evolve(state: WorkspaceState | undefined, { type, data }: WorkspaceFact): WorkspaceState | undefined {
  if (type === 'WorkspaceCreated') {
    if (state) return state;
    const { workspaceId, name, ownerId, billedAccountUserId, allowPersonalApiKeys } = data;
    return { workspaceId, name, ownerId, billedAccountUserId, allowPersonalApiKeys, roles: new Map() };
  }
  if (!state) return undefined;
  switch (type) {
    case 'WorkspaceRenamed':
      return { ...state, name: data.name };
    case 'PersonalKeysAllowed':
      return { ...state, allowPersonalApiKeys: true };
    case 'PersonalKeysDisallowed':
      return { ...state, allowPersonalApiKeys: false };
    case 'BilledAccountChanged':
      return { ...state, billedAccountUserId: data.billedAccountUserId };
    case 'MemberAdded':
    case 'MemberRoleChanged':
      return { ...state, roles: new Map(state.roles).set(data.userId, data.role) };
    case 'MemberRemoved':
      return { ...state, roles: new Map([...state.roles].filter(([userId]) => userId !== data.userId)) };
  }
}

/** The creator becomes owner, payer and admin (contract A1 row 1, A3); personal keys are allowed at first. */
export function found(workspaceId: string, name: string, ownerId: string, actor: Actor): WorkspaceFact[] {
  return [
    {
      type: 'WorkspaceCreated',
      data: { workspaceId, name, ownerId, billedAccountUserId: ownerId, allowPersonalApiKeys: true, actor },
    },
    { type: 'MemberAdded', data: { workspaceId, userId: ownerId, role: 'admin', actor } },
  ];
}

export interface WorkspaceChanges {
  name?: string | undefined;
  allowPersonalApiKeys?: boolean | undefined;
  billedAccountUserId?: string | undefined;
}

export type Decision<Refusal extends string> =
  { outcome: 'decided'; facts: WorkspaceFact[] } | { outcome: Refusal; userId?: string };

/** All of the changes or none. What is as it was makes no fact. */
export function change(
  state: WorkspaceState,
  { name, allowPersonalApiKeys: allow, billedAccountUserId: billed }: WorkspaceChanges,
  actor: Actor,
): Decision<'billedAccountNotAdmin'> {
  const { workspaceId } = state;
  const facts: WorkspaceFact[] = [];
  if (billed !== undefined && state.roles.get(billed) !== 'admin') return { outcome: 'billedAccountNotAdmin' };
  if (name !== undefined && name !== state.name)
    facts.push({ type: 'WorkspaceRenamed', data: { workspaceId, name, actor } });
  if (allow !== undefined && allow !== state.allowPersonalApiKeys) {
    facts.push({ type: allow ? 'PersonalKeysAllowed' : 'PersonalKeysDisallowed', data: { workspaceId, actor } });
  }
  if (billed !== undefined && billed !== state.billedAccountUserId) {
    facts.push({ type: 'BilledAccountChanged', data: { workspaceId, billedAccountUserId: billed, actor } });
  }
  return { outcome: 'decided', facts };
}

export function addMember(
  state: WorkspaceState,
  userId: string,
  role: Role,
  actor: Actor,
): Decision<'alreadyMember' | 'tooManyMembers'> {
  if (state.roles.has(userId)) return { outcome: 'alreadyMember' };
  if (state.roles.size >= MEMBERS_MAX) return { outcome: 'tooManyMembers' };
  const { workspaceId } = state;
  return { outcome: 'decided', facts: [{ type: 'MemberAdded', data: { workspaceId, userId, role, actor } }] };
}

/** All of the updates or none; the refusal names the member. */
export function changeRoles(
  state: WorkspaceState,
  updates: readonly { userId: string; role: Role }[],
  actor: Actor,
): Decision<'notMember' | 'ownerStaysAdmin' | 'billedAccountStaysAdmin'> {
  const { workspaceId } = state;
  const facts: WorkspaceFact[] = [];
  for (const { userId, role } of updates) {
    const present = state.roles.get(userId);
    if (present === undefined) return { outcome: 'notMember', userId };
    if (role !== 'admin' && userId === state.ownerId) return { outcome: 'ownerStaysAdmin', userId };
    if (role !== 'admin' && userId === state.billedAccountUserId) return { outcome: 'billedAccountStaysAdmin', userId };
    if (role !== present) facts.push({ type: 'MemberRoleChanged', data: { workspaceId, userId, role, actor } });
  }
  return { outcome: 'decided', facts };
}

export function removeMember(
  state: WorkspaceState,
  userId: string,
  actor: Actor,
): Decision<'notMember' | 'ownerStays' | 'billedAccountStays'> {
  if (!state.roles.has(userId)) return { outcome: 'notMember' };
  if (userId === state.ownerId) return { outcome: 'ownerStays' };
  if (userId === state.billedAccountUserId) return { outcome: 'billedAccountStays' };
  const { workspaceId } = state;
  return { outcome: 'decided', facts: [{ type: 'MemberRemoved', data: { workspaceId, userId, actor } }] };
}
