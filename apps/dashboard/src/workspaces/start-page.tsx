import { useSuspenseQuery } from '@tanstack/react-query';
import { Navigate } from '@tanstack/react-router';
import { Entrance } from '../session/entrance.js';
import { CreateWorkspaceForm } from './create-workspace-dialog.js';
import { lastWorkspace, workspacesQuery } from './workspaces.js';

/** The way in: the workspace that was open last, else the first, else a first one is made. */
export default function StartPage() {
  const { data: workspaces } = useSuspenseQuery(workspacesQuery);
  const last = lastWorkspace.get();
  const workspace = workspaces.find(({ id }) => id === last) ?? workspaces[0];
  if (workspace) return <Navigate to="/w/$workspaceId" params={{ workspaceId: workspace.id }} replace />;
  return (
    <Entrance title="Your first workspace" about="Workflows, keys, members and logs live in a workspace.">
      <CreateWorkspaceForm name="My workspace" />
    </Entrance>
  );
}
