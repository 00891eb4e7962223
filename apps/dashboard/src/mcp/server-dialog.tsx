import { Alert, Button, Group, Modal, MultiSelect, Stack, Switch, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconWorld } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Fault, notifyDone } from '../look/fault.js';
import { Refusal } from '../server/refusal.js';
import { useAction } from '../server/use-action.js';
import { workflowsQuery } from '../workflows/workflows.js';
import { createMcpServer, type McpServer, refreshMcpServers, updateMcpServer } from './mcp-servers.js';

export interface ServerDialogProps {
  workspaceId: string;
  /** What is edited; `new`: one is made; undefined: closed. */
  target: McpServer | 'new' | undefined;
  onClose: () => void;
}

/** Makes or edits an MCP server. */
export function ServerDialog({ workspaceId, target, onClose }: ServerDialogProps) {
  return (
    <Modal
      opened={target !== undefined}
      onClose={onClose}
      title={target === 'new' ? 'New MCP server' : 'Edit MCP server'}
    >
      {target && (
        <ServerForm workspaceId={workspaceId} server={target === 'new' ? undefined : target} onDone={onClose} />
      )}
    </Modal>
  );
}

interface ServerFormProps {
  workspaceId: string;
  server: McpServer | undefined;
  onDone: () => void;
}

function ServerForm({ workspaceId, server, onDone }: ServerFormProps) {
  const known = useInfiniteQuery(workflowsQuery(workspaceId)).data?.pages.flatMap(({ workflows }) => workflows) ?? [];
  const form = useForm({
    initialValues: {
      name: server?.name ?? '',
      description: server?.description ?? '',
      isPublic: server?.isPublic ?? false,
      workflowIds: server?.workflowIds ?? [],
    },
    validate: { name: (name) => (name.trim() === '' ? 'A name is needed; clients show it' : null) },
  });
  const action = useAction({
    mutationFn: ({ description, ...given }: typeof form.values) => {
      const body = { ...given, description: description.trim() === '' ? null : description };
      return server ? updateMcpServer(server.id, body) : createMcpServer({ workspaceId, ...body });
    },
    onSuccess: ({ name }) => {
      notifyDone(server ? `“${name}” is saved: clients see it from their next call on.` : `“${name}” is open.`);
      onDone();
    },
    onError: (error) => error instanceof Refusal && form.setErrors(error.fieldFaults),
    onSettled: () => refreshMcpServers(workspaceId),
  });
  // A workflow that this page does not list (beyond the first hundred, say) keeps its place.
  const options = [
    ...known.map(({ id, name, isDeployed }) => ({ value: id, label: isDeployed ? name : `${name} (not deployed)` })),
    ...form.values.workflowIds
      .filter((id) => !known.some((workflow) => workflow.id === id))
      .map((id) => ({ value: id, label: id })),
  ];
  return (
    <form onSubmit={form.onSubmit((values) => action.run(values))} noValidate>
      <Stack>
        <TextInput label="Name" required data-autofocus autoComplete="off" {...form.getInputProps('name')} />
        <Textarea label="Description" autosize minRows={1} maxRows={5} {...form.getInputProps('description')} />
        <MultiSelect
          label="Tools"
          description="Workflows that the server offers; those that are not deployed are left out until they are"
          placeholder={form.values.workflowIds.length === 0 ? 'None yet' : undefined}
          data={options}
          searchable
          hidePickedOptions
          {...form.getInputProps('workflowIds')}
        />
        <Switch
          label="Public: anybody who knows its address may call it, without a key"
          {...form.getInputProps('isPublic', { type: 'checkbox' })}
        />
        {form.values.isPublic && (
          <Alert color="orange" icon={<IconWorld aria-hidden />}>
            Calls of a public server run as you, and the workspace’s billed account pays for them.
          </Alert>
        )}
        <Fault error={action.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={action.isPending}>
            {server ? 'Save' : 'Create server'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
