import { Alert, Button, Group, Modal, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconMail } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { CodeBlock } from '../look/copy.js';
import { Fault, notifyDone } from '../look/fault.js';
import { Moment } from '../look/moment.js';
import { Refusal } from '../server/refusal.js';
import { useAction } from '../server/use-action.js';
import type { Workspace } from '../workspaces/workspaces.js';
import { type AddedMember, addMember, invitationsQuery, permissionsQuery, type Role, ROLES } from './members.js';

/** Adds who has an account; invites who has none, by a link that is shown once. */
export function AddMemberDialog({
  workspace,
  opened,
  onClose,
}: {
  workspace: Workspace;
  opened: boolean;
  onClose: () => void;
}) {
  const [invited, setInvited] = useState<AddedMember>();
  const close = () => {
    setInvited(undefined);
    onClose();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={invited ? 'Invitation' : 'Add a member'}
      closeOnClickOutside={!invited}
    >
      {opened && !invited && <AddMemberForm workspace={workspace} onInvited={setInvited} onDone={close} />}
      {invited?.invitation && (
        <Stack>
          <Alert icon={<IconMail aria-hidden />} title={`${invited.member.email} has no account yet`}>
            Send this link to them yourself. It is shown this one time, works once, and until{' '}
            <Moment at={invited.invitation.expiresAt} />. Whoever opens it joins as {invited.member.permissionType}.
          </Alert>
          <CodeBlock label="Invitation link" text={invited.invitation.link} wrap />
          <Group justify="flex-end">
            <Button onClick={close}>Done</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

interface AddMemberFormProps {
  workspace: Workspace;
  onInvited: (added: AddedMember) => void;
  onDone: () => void;
}

function AddMemberForm({ workspace, onInvited, onDone }: AddMemberFormProps) {
  const client = useQueryClient();
  const form = useForm<{ email: string; permission: Role }>({
    initialValues: { email: '', permission: 'write' },
    validate: { email: (email) => (/^\S+@\S+\.\S+$/.test(email.trim()) ? null : 'An e-mail address is needed') },
  });
  const action = useAction({
    mutationFn: (body: { email: string; permission: Role }) => addMember(workspace.id, body),
    onSuccess: (added) => {
      if (added.invitation) return onInvited(added);
      notifyDone(`${added.member.email} is a member now.`);
      onDone();
    },
    onError: (error) => error instanceof Refusal && form.setErrors(error.fieldFaults),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: permissionsQuery(workspace.id).queryKey }),
        client.invalidateQueries({ queryKey: invitationsQuery(workspace.id).queryKey }),
      ]),
  });
  return (
    <form onSubmit={form.onSubmit((values) => action.run(values))} noValidate>
      <Stack>
        <TextInput
          label="E-mail"
          type="email"
          required
          data-autofocus
          autoComplete="off"
          {...form.getInputProps('email')}
        />
        <Radio.Group label="Role" {...form.getInputProps('permission')}>
          <Stack gap="xs" mt="xs">
            {ROLES.map(({ value, label, about }) => (
              <Radio key={value} value={value} label={label} description={about} />
            ))}
          </Stack>
        </Radio.Group>
        <Text size="xs" c="dimmed">
          An address without an account gets an invitation link, for you to send.
        </Text>
        <Fault error={action.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={action.isPending}>
            Add member
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
