import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { PendingInvitationView, PermissionView } from '@tollgate/contracts';
import { followReceipt } from '../keys/follow-receipt.js';
import type { RevokedAnswer } from '../keys/keys.js';
import { ask, withQuery } from '../server/ask.js';

export type Role = 'admin' | 'write' | 'read';
export type Member = PermissionView;

export const ROLES: { value: Role; label: string; about: string }[] = [
  { value: 'admin', label: 'Admin', about: 'everything: members, workspace keys, deploying' },
  { value: 'write', label: 'Write', about: 'make and edit workflows, run them, read logs' },
  { value: 'read', label: 'Read', about: 'run workflows and read logs' },
];

export const permissionsQuery = (workspaceId: string) =>
  queryOptions({
    queryKey: ['members', workspaceId],
    queryFn: async ({ signal }) =>
      (await ask<{ users: Member[] }>(`/api/workspaces/${workspaceId}/permissions`, { signal })).users,
  });

/** Names by user id. */
export const memberNamesQuery = (workspaceId: string) => ({
  ...permissionsQuery(workspaceId),
  select: (members: Member[]) => new Map(members.map(({ userId, name, email }) => [userId, name || email])),
});

export interface AddedMember {
  member: { userId: string | null; email: string; permissionType: Role };
  invitation?: { id: string; token: string; link: string; expiresAt: string };
}

export const addMember = (workspaceId: string, body: { email: string; permission: Role }) =>
  ask<AddedMember>(`/api/workspaces/${workspaceId}/members`, { method: 'POST', body });

export async function changeRole(workspaceId: string, userId: string, role: Role): Promise<void> {
  const body = { updates: [{ userId, permissions: role }] };
  void followReceipt(
    await ask<Partial<RevokedAnswer>>(`/api/workspaces/${workspaceId}/permissions`, { method: 'PATCH', body }),
  );
}

export async function removeMember(workspaceId: string, userId: string): Promise<void> {
  void followReceipt(
    await ask<Partial<RevokedAnswer>>(`/api/workspaces/${workspaceId}/members/${userId}`, { method: 'DELETE' }),
  );
}

export type PendingInvitation = PendingInvitationView;

interface InvitationsPage {
  invitations: PendingInvitation[];
  nextCursor?: string;
}

const INVITATIONS_PAGE_SIZE = 50;

/** Invitations that wait to be taken up, by address, page by page; for admins. */
export const invitationsQuery = (workspaceId: string) =>
  infiniteQueryOptions({
    queryKey: ['invitations', workspaceId],
    queryFn: ({ signal, pageParam }) =>
      ask<InvitationsPage>(
        withQuery(`/api/workspaces/${workspaceId}/invitations`, { limit: INVITATIONS_PAGE_SIZE, cursor: pageParam }),
        { signal },
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });

export const cancelInvitation = (workspaceId: string, invitationId: string) =>
  ask(`/api/workspaces/${workspaceId}/invitations/${invitationId}`, { method: 'DELETE' });
