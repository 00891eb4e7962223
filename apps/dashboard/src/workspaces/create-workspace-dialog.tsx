import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from '@tanstack/react-router';
import { Fault } from '../look/fault.js';
import { useAction } from '../server/use-action.js';
import { createWorkspace, rememberWorkspace } from './workspaces.js';

export function CreateWorkspaceDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="New workspace" size="md">
      {opened && <CreateWorkspaceForm onDone={onClose} />}
    </Modal>
  );
}

interface CreateWorkspaceFormProps {
  onDone?: () => void;
  name?: string;
  /** Whether to stay on this page instead of going into the new workspace. */
  stay?: boolean;
}

export function CreateWorkspaceForm({ onDone, name = '', stay = false }: CreateWorkspaceFormProps) {
  const navigate = useNavigate();
  const form = useForm({
    initialValues: { name },
    validate: { name: (text) => (text.trim() === '' ? 'A name is needed' : null) },
  });
  const action = useAction({
    mutationFn: createWorkspace,
    onSuccess: (workspace) => {
      rememberWorkspace(workspace);
      onDone?.();
      if (!stay) void navigate({ to: '/w/$workspaceId', params: { workspaceId: workspace.id } });
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => action.run(values))}>
      <Stack>
        <TextInput
          label="Name"
          description="You will be its owner and pay for what its workspace keys run."
          required
          maxLength={100}
          data-autofocus
          {...form.getInputProps('name')}
        />
        <Fault error={action.error} />
        <Group justify="flex-end">
          <Button type="submit" loading={action.isPending}>
            Create workspace
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
