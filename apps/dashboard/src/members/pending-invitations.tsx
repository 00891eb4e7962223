import { ActionIcon, Button, Group, Table, Text, Title } from '@mantine/core';
import { IconMailOff } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Confirm } from '../look/confirm.js';
import { Fault, notifyDone } from '../look/fault.js';
import { Moment } from '../look/moment.js';
import { Surface } from '../look/surface.js';
import { TableFrame } from '../look/table-frame.js';
import { useAction } from '../server/use-action.js';
import type { Workspace } from '../workspaces/workspaces.js';
import { cancelInvitation, invitationsQuery, memberNamesQuery, type PendingInvitation } from './members.js';

/** Who was invited and has not come yet; for admins. Nothing is drawn when nobody waits. */
export function PendingInvitations({ workspace }: { workspace: Workspace }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    invitationsQuery(workspace.id),
  );
  const names = useQuery(memberNamesQuery(workspace.id)).data;
  const [cancelling, setCancelling] = useState<PendingInvitation>();
  const waiting = data?.pages.flatMap(({ invitations }) => invitations) ?? [];
  if (error && !data) return <Fault error={error} retry={() => void refetch()} />;
  return (
    <>
      {waiting.length > 0 && (
        <Surface p={0} mt="lg" data-invitations>
          <Title order={2} p="md" pb={0}>
            Invitations that wait
          </Title>
          <TableFrame label="Invitations">
            <Table aria-label="Invitations that wait">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Address</Table.Th>
                  <Table.Th>Role</Table.Th>
                  <Table.Th className="wide-only">Invited by</Table.Th>
                  <Table.Th>Ends</Table.Th>
                  <Table.Th w={60}>
                    <span className="visually-hidden">Actions</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {waiting.map((invitation) => (
                  <Table.Tr key={invitation.id} data-invitation={invitation.email}>
                    <Table.Td maw={260}>
                      <Text size="sm" className="wrap-anywhere">
                        {invitation.email}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      <Text size="sm" tt="capitalize">
                        {invitation.permission}
                      </Text>
                    </Table.Td>
                    <Table.Td className="wide-only" maw={200}>
                      <Text size="sm" className="long">
                        {names?.get(invitation.invitedBy) ?? 'former member'}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      <Text size="sm">
                        <Moment at={invitation.expiresAt} relative />
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      <ActionIcon
                        variant="subtle"
                        color="red"
                        onClick={() => setCancelling(invitation)}
                        aria-label={`Cancel the invitation of ${invitation.email}`}
                      >
                        <IconMailOff size={18} aria-hidden />
                      </ActionIcon>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </TableFrame>
          <Group justify="space-between" p="md">
            <Text size="sm" c="dimmed">
              A link is shown once, when it is made. Inviting an address again makes a new link and ends the old one.
            </Text>
            {hasNextPage && (
              <Button variant="default" onClick={() => void fetchNextPage()} loading={isFetchingNextPage}>
                Show more
              </Button>
            )}
          </Group>
        </Surface>
      )}
      <CancelDialog workspace={workspace} invitation={cancelling} onClose={() => setCancelling(undefined)} />
    </>
  );
}

interface CancelDialogProps {
  workspace: Workspace;
  invitation: PendingInvitation | undefined;
  onClose: () => void;
}

function CancelDialog({ workspace, invitation, onClose }: CancelDialogProps) {
  const client = useQueryClient();
  const action = useAction({
    mutationFn: () => cancelInvitation(workspace.id, invitation?.id ?? ''),
    onSuccess: () => {
      notifyDone(`The link of ${invitation?.email} opens nothing any more.`);
      onClose();
    },
    onSettled: () => client.invalidateQueries({ queryKey: invitationsQuery(workspace.id).queryKey }),
  });
  const close = () => {
    action.reset();
    onClose();
  };
  return (
    <Confirm
      opened={invitation !== undefined}
      title="Cancel this invitation?"
      action="Cancel invitation"
      dismiss="Keep it"
      isBusy={action.isPending}
      error={action.error}
      onConfirm={() => action.run()}
      onClose={close}
    >
      <Text size="sm" className="wrap-anywhere">
        The link that was sent to {invitation?.email} stops working at once. They can be invited again.
      </Text>
    </Confirm>
  );
}
