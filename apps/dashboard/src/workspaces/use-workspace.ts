import { useSuspenseQuery } from '@tanstack/react-query';
import { notFound, useParams } from '@tanstack/react-router';
import { type Workspace, workspacesQuery } from './workspaces.js';

/** The workspace of the address. Not being a member looks like its not being there. */
export function useWorkspace(): Workspace {
  const { workspaceId } = useParams({ from: '/w/$workspaceId' });
  const { data } = useSuspenseQuery(workspacesQuery);
  const workspace = data.find(({ id }) => id === workspaceId);
  if (!workspace) throw notFound();
  return workspace;
}
