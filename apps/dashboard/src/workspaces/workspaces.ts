import { queryOptions } from '@tanstack/react-query';
import type { ChangeWorkspaceBody, WorkspaceView } from '@tollgate/contracts';
import { followReceipt } from '../keys/follow-receipt.js';
import type { RevokedAnswer } from '../keys/keys.js';
import { ask } from '../server/ask.js';
import { queryClient } from '../server/query-client.js';

export type Workspace = WorkspaceView;

const LAST_KEY = 'tollgate.last-workspace';

export const listWorkspaces = async (signal?: AbortSignal) =>
  (await ask<{ workspaces: Workspace[] }>('/api/workspaces', { signal })).workspaces;

/** The reader's workspaces, oldest first, with the reader's role in each. */
export const workspacesQuery = queryOptions({
  queryKey: ['workspaces'],
  queryFn: ({ signal }) => listWorkspaces(signal),
});

export async function createWorkspace(body: { name: string }): Promise<Workspace> {
  return (await ask<{ workspace: Workspace }>('/api/workspaces', { method: 'POST', body })).workspace;
}

export async function changeWorkspace(id: string, body: ChangeWorkspaceBody): Promise<Workspace> {
  const answer = await ask<{ workspace: Workspace } & Partial<RevokedAnswer>>(`/api/workspaces/${id}`, {
    method: 'PATCH',
    body,
  });
  void followReceipt(answer);
  return answer.workspace;
}

/** Puts what the server answered where all pages read it. */
export function rememberWorkspace(workspace: Workspace): void {
  queryClient.setQueryData<Workspace[]>(['workspaces'], (all = []) => {
    const isKnown = all.some(({ id }) => id === workspace.id);
    return isKnown ? all.map((one) => (one.id === workspace.id ? { ...one, ...workspace } : one)) : [...all, workspace];
  });
}

/** Which workspace was open last in this browser: an id, no secret. */
export const lastWorkspace = {
  get: () => localStorage.getItem(LAST_KEY),
  set: (id: string) => localStorage.setItem(LAST_KEY, id),
};

export const canWrite = ({ permissions }: Workspace) => permissions !== 'read';
export const isAdmin = ({ permissions }: Workspace) => permissions === 'admin';
