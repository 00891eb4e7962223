import { Button, Stack } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Fault } from '../look/fault.js';
import { SwitchAccount } from '../session/switch-account.js';
import { ask } from '../server/ask.js';
import { useAction } from '../server/use-action.js';
import { Entrance } from '../session/entrance.js';
import { rememberWorkspace, type Workspace } from '../workspaces/workspaces.js';

const route = getRouteApi('/invitations/$token');

/** The far end of an invitation link: asks before joining, and takes the used link out of the history. */
export default function InvitationPage() {
  const { token } = route.useParams();
  const { account } = route.useRouteContext();
  const navigate = useNavigate();
  const action = useAction({
    mutationFn: () =>
      ask<{ workspace: Workspace }>(`/api/invitations/${encodeURIComponent(token)}/accept`, {
        method: 'POST',
        body: {},
      }),
    onSuccess: ({ workspace }) => {
      rememberWorkspace(workspace);
      void navigate({ to: '/w/$workspaceId', params: { workspaceId: workspace.id }, replace: true });
    },
  });
  return (
    <Entrance title="You are invited" about="This link lets you join a workspace. It works once.">
      <Stack>
        <SwitchAccount account={account} />
        <Fault error={action.error} />
        <Button loading={action.isPending} onClick={() => action.run()}>
          Join the workspace
        </Button>
      </Stack>
    </Entrance>
  );
}
