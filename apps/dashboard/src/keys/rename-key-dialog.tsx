import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { Fault, notifyFault } from '../look/fault.js';
import { useAction } from '../server/use-action.js';
import { keysKey, type KeyView, renameKey } from './keys.js';

/** Renames a workspace key: the list shows the new name at once, and the old one again if the server refused. */
export function RenameKeyDialog({
  workspaceId,
  target,
  onClose,
}: {
  workspaceId: string;
  target: KeyView | undefined;
  onClose: () => void;
}) {
  return (
    <Modal opened={target !== undefined} onClose={onClose} title="Rename key" size="md">
      {target && <RenameForm workspaceId={workspaceId} target={target} onDone={onClose} />}
    </Modal>
  );
}

function RenameForm({ workspaceId, target, onDone }: { workspaceId: string; target: KeyView; onDone: () => void }) {
  const client = useQueryClient();
  const queryKey = keysKey('workspace', workspaceId);
  const form = useForm({
    initialValues: { name: target.name },
    validate: { name: (name) => (name.trim() === '' ? 'A name is needed' : null) },
  });
  const action = useAction({
    mutationFn: (name: string) => renameKey(workspaceId, target.id, name),
    onMutate: async (name) => {
      await client.cancelQueries({ queryKey });
      const before = client.getQueryData<KeyView[]>(queryKey);
      client.setQueryData<KeyView[]>(queryKey, (keys) =>
        keys?.map((key) => (key.id === target.id ? { ...key, name: name.trim() } : key)),
      );
      return before;
    },
    onSuccess: onDone,
    onError: (error, _name, before) => {
      client.setQueryData(queryKey, before);
      notifyFault(error, `Not renamed: still “${target.name}”`);
    },
    onSettled: () => client.invalidateQueries({ queryKey }),
  });
  return (
    <form onSubmit={form.onSubmit(({ name }) => action.run(name))} noValidate>
      <Stack>
        <TextInput
          label="Name"
          required
          data-autofocus
          autoComplete="off"
          maxLength={200}
          {...form.getInputProps('name')}
        />
        <Fault error={action.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={action.isPending}>
            Rename
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
