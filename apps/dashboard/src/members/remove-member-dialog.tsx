import { Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Confirm } from '../look/confirm.js';
import { notifyDone } from '../look/fault.js';
import { useAction } from '../server/use-action.js';
import type { Workspace } from '../workspaces/workspaces.js';
import { type Member, permissionsQuery, removeMember } from './members.js';

const route = getRouteApi('/w/$workspaceId');

/** Removes a member, or oneself. */
export function RemoveMemberDialog({
  workspace,
  member,
  onClose,
}: {
  workspace: Workspace;
  member: Member | undefined;
  onClose: () => void;
}) {
  const { account } = route.useRouteContext();
  const client = useQueryClient();
  const isSelf = member?.userId === account.id;
  const shown = member?.name || member?.email || '';
  const action = useAction({
    mutationFn: () => removeMember(workspace.id, member?.userId ?? ''),
    onSuccess: () => {
      if (isSelf) location.assign('/');
      else {
        notifyDone(`${shown} is no member any more.`);
        onClose();
      }
    },
    onSettled: () => client.invalidateQueries({ queryKey: permissionsQuery(workspace.id).queryKey }),
  });
  const close = () => {
    action.reset();
    onClose();
  };
  return (
    <Confirm
      opened={member !== undefined}
      title={isSelf ? 'Leave this workspace?' : `Remove ${shown}?`}
      action={isSelf ? 'Leave' : 'Remove'}
      isBusy={action.isPending}
      error={action.error}
      onConfirm={() => action.run()}
      onClose={close}
    >
      <Text size="sm" className="wrap-anywhere">
        {isSelf
          ? `Your sign-in and your personal keys stop working in “${workspace.name}” at once. Workspace keys that you made go on working.`
          : `${shown} is shut out of “${workspace.name}” at once, personal keys included. Workspace keys that they made go on working.`}
      </Text>
    </Confirm>
  );
}
