import { Button, Group, Select, Stack, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { CopyIcon } from '../look/copy.js';
import { Fault, notifyDone, notifyFault } from '../look/fault.js';
import { Moment } from '../look/moment.js';
import { PageHeader } from '../look/page-header.js';
import { Surface } from '../look/surface.js';
import { permissionsQuery } from '../members/members.js';
import { useAction } from '../server/use-action.js';
import { useWorkspace } from './use-workspace.js';
import { changeWorkspace, isAdmin, rememberWorkspace, type Workspace } from './workspaces.js';

/** Settings → Workspace. */
export default function WorkspacePage() {
  const workspace = useWorkspace();
  return (
    <>
      <PageHeader title="Workspace" about="Its name, and who pays for its workspace keys." />
      <Stack gap="lg" maw={720}>
        <NameCard key={workspace.name} workspace={workspace} />
        <PayerCard workspace={workspace} />
        <Surface>
          <Title order={2} mb="sm">
            Facts
          </Title>
          <Group gap="xs" wrap="nowrap">
            <Text size="sm" c="dimmed">
              Id
            </Text>
            <Text size="sm" ff="monospace" className="wrap-anywhere">
              {workspace.id}
            </Text>
            <CopyIcon text={workspace.id} label="Copy workspace id" />
          </Group>
          <Text size="sm" c="dimmed">
            Created <Moment at={workspace.createdAt} />
          </Text>
        </Surface>
      </Stack>
    </>
  );
}

function NameCard({ workspace }: { workspace: Workspace }) {
  const form = useForm({
    initialValues: { name: workspace.name },
    validate: { name: (name) => (name.trim() === '' ? 'A name is needed' : null) },
  });
  const action = useAction({
    mutationFn: (name: string) => changeWorkspace(workspace.id, { name }),
    onSuccess: (changed) => {
      rememberWorkspace(changed);
      notifyDone('Renamed.');
    },
  });
  return (
    <Surface>
      <form onSubmit={form.onSubmit(({ name }) => action.run(name))} noValidate>
        <Stack>
          <TextInput
            label="Name"
            required
            maxLength={200}
            disabled={!isAdmin(workspace)}
            {...form.getInputProps('name')}
          />
          <Fault error={action.error} />
          {isAdmin(workspace) ? (
            <Group justify="flex-end">
              <Button type="submit" loading={action.isPending} disabled={!form.isDirty()}>
                Rename
              </Button>
            </Group>
          ) : (
            <Text size="sm" c="dimmed">
              Admins of the workspace can change this.
            </Text>
          )}
        </Stack>
      </form>
    </Surface>
  );
}

function PayerCard({ workspace }: { workspace: Workspace }) {
  const members = useQuery(permissionsQuery(workspace.id));
  const admins = members.data?.filter(({ permissionType }) => permissionType === 'admin') ?? [];
  const action = useAction({
    mutationFn: (billedAccountUserId: string) => changeWorkspace(workspace.id, { billedAccountUserId }),
    onMutate: (billedAccountUserId) => {
      rememberWorkspace({ ...workspace, billedAccountUserId });
      return workspace;
    },
    onSuccess: (changed) => {
      rememberWorkspace(changed);
      notifyDone('From the next run on, the new account pays. Earlier bills stay as they are.');
    },
    onError: (error, _wished, before) => {
      if (before) rememberWorkspace(before);
      notifyFault(error, 'The billed account did not change');
    },
  });
  return (
    <Surface>
      <Select
        label="Billed account"
        description="Pays for every run of a workspace key. Personal keys bill their owners. One of the admins."
        data={admins.map(({ userId, name, email }) => ({ value: userId, label: name ? `${name} (${email})` : email }))}
        value={members.data ? workspace.billedAccountUserId : null}
        placeholder={members.data ? undefined : 'Loading…'}
        onChange={(userId) => userId && userId !== workspace.billedAccountUserId && action.run(userId)}
        disabled={!isAdmin(workspace) || !members.data || action.isPending}
        allowDeselect={false}
      />
      {members.error && <Fault error={members.error} retry={() => void members.refetch()} />}
    </Surface>
  );
}
