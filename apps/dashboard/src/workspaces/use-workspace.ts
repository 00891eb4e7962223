import { useSuspenseQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { type Workspace, workspacesQuery } from './workspaces.js';

/** The workspace of the address; undefined: it is not there, or the reader is not a member (any more). */
export function useWorkspaceIfMember(): Workspace | undefined {
  const { workspaceId } = useParams({ from: '/w/$workspaceId' });
  const { data } = useSuspenseQuery(workspacesQuery);
  return data.find(({ id }) => id === workspaceId);
}

/** The same, for the pages inside the shell, which shows them to members alone. */
export function useWorkspace(): Workspace {
  const workspace = useWorkspaceIfMember();
  if (!workspace) throw new Error('You are not a member of this workspace');
  return workspace;
}
