import { ActionIcon, Avatar, Badge, Button, Group, Select, Table, Text, TextInput } from '@mantine/core';
import { IconSearch, IconUserMinus, IconUserPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { Fault, notifyDone, notifyFault } from '../look/fault.js';
import { PageHeader } from '../look/page-header.js';
import { Rows, Surface } from '../look/surface.js';
import { TableFrame } from '../look/table-frame.js';
import { useAction } from '../server/use-action.js';
import { useWorkspace } from '../workspaces/use-workspace.js';
import { isAdmin, type Workspace } from '../workspaces/workspaces.js';
import { AddMemberDialog } from './add-member-dialog.js';
import { changeRole, type Member, permissionsQuery, type Role, ROLES } from './members.js';
import { PendingInvitations } from './pending-invitations.js';
import { RemoveMemberDialog } from './remove-member-dialog.js';

const SHOWN_MAX = 200;
const route = getRouteApi('/w/$workspaceId');

export default function MembersPage() {
  const workspace = useWorkspace();
  const { data: members, error, refetch } = useQuery(permissionsQuery(workspace.id));
  const [text, setText] = useState('');
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Member>();
  const wanted = text.trim().toLowerCase();
  const found = members?.filter(({ name, email }) => `${name} ${email}`.toLowerCase().includes(wanted));
  return (
    <>
      <PageHeader
        title="Members"
        about="Who works in this workspace, and what each may do. A change holds from the next request on, for their keys too."
      >
        {isAdmin(workspace) && (
          <Button leftSection={<IconUserPlus size={18} aria-hidden />} onClick={() => setAdding(true)}>
            Add member
          </Button>
        )}
      </PageHeader>
      {error && !members && <Fault error={error} retry={() => void refetch()} />}
      {!members && !error && <Rows count={4} height={56} />}
      {members && found && (
        <Surface p={0}>
          {members.length > 8 && (
            <TextInput
              m="md"
              placeholder="Search by name or e-mail"
              aria-label="Search members"
              leftSection={<IconSearch size={16} aria-hidden />}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
          )}
          <TableFrame label="Members">
            <Table aria-label="Members">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Member</Table.Th>
                  <Table.Th w={140}>Role</Table.Th>
                  <Table.Th w={60}>
                    <span className="visually-hidden">Actions</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {found.slice(0, SHOWN_MAX).map((member) => (
                  <MemberRow key={member.userId} member={member} workspace={workspace} onRemove={setRemoving} />
                ))}
              </Table.Tbody>
            </Table>
          </TableFrame>
          <Text size="sm" c="dimmed" p="md" role="status">
            {found.length > SHOWN_MAX
              ? `The first ${SHOWN_MAX} of ${found.length}: search to see others`
              : `${found.length} ${found.length === 1 ? 'member' : 'members'}`}
          </Text>
        </Surface>
      )}
      {isAdmin(workspace) && <PendingInvitations workspace={workspace} />}
      <AddMemberDialog workspace={workspace} opened={isAdding} onClose={() => setAdding(false)} />
      <RemoveMemberDialog workspace={workspace} member={removing} onClose={() => setRemoving(undefined)} />
    </>
  );
}

interface MemberRowProps {
  member: Member;
  workspace: Workspace;
  onRemove: (member: Member) => void;
}

function MemberRow({ member, workspace, onRemove }: MemberRowProps) {
  const { account } = route.useRouteContext();
  const client = useQueryClient();
  const { queryKey } = permissionsQuery(workspace.id);
  const isOwner = member.userId === workspace.ownerId;
  const isSelf = member.userId === account.id;
  const isPayer = member.userId === workspace.billedAccountUserId;
  const shown = member.name || member.email;
  const action = useAction({
    mutationFn: (role: Role) => changeRole(workspace.id, member.userId, role),
    onMutate: async (role) => {
      await client.cancelQueries({ queryKey });
      const before = client.getQueryData<Member[]>(queryKey);
      client.setQueryData<Member[]>(queryKey, (all) =>
        all?.map((one) => (one.userId === member.userId ? { ...one, permissionType: role } : one)),
      );
      return before;
    },
    onSuccess: (_answer, role) => {
      notifyDone(`${shown} may now: ${ROLES.find(({ value }) => value === role)?.about}.`);
      if (isSelf) void client.invalidateQueries({ queryKey: ['workspaces'] });
    },
    onError: (error, _role, before) => {
      client.setQueryData(queryKey, before);
      // The row shows the wished role by now: what it was stands in the list before.
      const kept = before?.find(({ userId }) => userId === member.userId);
      notifyFault(error, `${shown} keeps the role ${kept?.permissionType ?? 'of before'}`);
    },
    onSettled: () => client.invalidateQueries({ queryKey }),
  });
  return (
    <Table.Tr data-member={member.email}>
      <Table.Td maw={200}>
        <Group gap="sm" wrap="nowrap">
          <Avatar className="wide-only" name={shown} color="sea" radius="xl" size={34} aria-hidden />
          <div className="long">
            <Group gap={6}>
              <Text size="sm" fw={600} className="long" title={shown}>
                {shown}
              </Text>
              {isSelf && (
                <Badge variant="light" color="gray">
                  you
                </Badge>
              )}
              {isOwner && <Badge variant="light">owner</Badge>}
              {isPayer && (
                <Badge variant="light" color="grape">
                  pays
                </Badge>
              )}
            </Group>
            <Text size="xs" c="dimmed" className="long" title={member.email}>
              {member.email}
            </Text>
          </div>
        </Group>
      </Table.Td>
      <Table.Td>
        {isAdmin(workspace) && !isOwner ? (
          <Select
            aria-label={`Role of ${shown}`}
            data={ROLES.map(({ value, label }) => ({ value, label }))}
            value={member.permissionType}
            onChange={(role) => role && role !== member.permissionType && action.run(role as Role)}
            disabled={action.isPending}
            allowDeselect={false}
            size="sm"
          />
        ) : (
          <Text size="sm" tt="capitalize">
            {member.permissionType}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        {!isOwner && (isAdmin(workspace) || isSelf) && (
          <ActionIcon
            variant="subtle"
            color="red"
            onClick={() => onRemove(member)}
            aria-label={isSelf ? 'Leave the workspace' : `Remove ${shown}`}
          >
            <IconUserMinus size={18} aria-hidden />
          </ActionIcon>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
