import { Alert, Button, Group, Radio, Select, Stack, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleX, IconTerminal2 } from '@tabler/icons-react';
import { useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { Fault } from '../look/fault.js';
import { ask } from '../server/ask.js';
import { useAction } from '../server/use-action.js';
import { Entrance } from '../session/entrance.js';
import type { Account } from '../session/session.js';
import { SwitchAccount } from '../session/switch-account.js';
import { CreateWorkspaceForm } from '../workspaces/create-workspace-dialog.js';
import { isAdmin, lastWorkspace, type Workspace, workspacesQuery } from '../workspaces/workspaces.js';
import { type CompletePairing, isComplete } from './pairing-search.js';

const route = getRouteApi('/cli/auth');

/** The human side of a command line's sign-in (contract B8): compares the code, says for whom and where, decides. */
export default function PairingPage() {
  const search = route.useSearch();
  const { account } = route.useRouteContext();
  const [decided, setDecided] = useState<'approved' | 'refused'>();
  if (decided) return <Decided decided={decided} />;
  if (!isComplete(search)) {
    return (
      <Entrance title="This link is not whole" about="It does not carry what a command line sends.">
        <Text size="sm">
          Copy the whole address that <code>sim login</code> printed, or run <code>sim login</code> again for a new one.
        </Text>
      </Entrance>
    );
  }
  return (
    <Entrance
      title="Connect a command line?"
      about="The sim command line asks for a key of yours. Approve only what you have started yourself, just now."
    >
      <Consent pairing={search} account={account} onDecided={setDecided} />
    </Entrance>
  );
}

function Decided({ decided }: { decided: 'approved' | 'refused' }) {
  const isApproved = decided === 'approved';
  return (
    <Entrance
      title={isApproved ? 'Connected' : 'Refused'}
      about={isApproved ? 'You can close this page.' : 'No key was made. You can close this page.'}
    >
      <Alert
        color={isApproved ? 'teal' : 'gray'}
        role="status"
        icon={isApproved ? <IconCircleCheck aria-hidden /> : <IconCircleX aria-hidden />}
        data-decided={decided}
      >
        {isApproved
          ? 'The command line fetches its key within seconds. It stands among your keys as “CLI” with the time, and can be revoked there.'
          : 'The command line stops waiting by itself; press Ctrl+C there to end it now.'}
      </Alert>
    </Entrance>
  );
}

interface ConsentProps {
  pairing: CompletePairing;
  account: Account;
  onDecided: (decided: 'approved' | 'refused') => void;
}

type Binding = 'personal' | 'workspace';

function Consent({ pairing, account, onDecided }: ConsentProps) {
  const { data: workspaces } = useSuspenseQuery(workspacesQuery);
  const preferred = [pairing.workspace, lastWorkspace.get()].find((id) => workspaces.some((one) => one.id === id));
  const [workspaceId, setWorkspaceId] = useState(preferred ?? workspaces[0]?.id);
  const [binding, setBinding] = useState<Binding>('personal');
  const workspace = workspaces.find(({ id }) => id === workspaceId) ?? workspaces[0];
  const mayBind = workspace !== undefined && isAdmin(workspace);
  const isBound = binding === 'workspace' && mayBind;
  const action = useAction({
    mutationFn: () =>
      ask<{ ok: true }>('/api/cli/auth/approve', {
        method: 'POST',
        body: {
          request: pairing.request,
          challenge: pairing.challenge,
          scope: 'platform',
          workspaceId: workspace?.id,
          bindKeyToWorkspace: isBound,
        },
      }),
    onSuccess: () => onDecided('approved'),
  });
  return (
    <Stack>
      <Stack gap={2} align="center" component="section" aria-label="Pairing code">
        <Text size="sm" c="dimmed">
          Your terminal must show the same code
        </Text>
        <Text fz={34} fw={700} ff="monospace" lh={1.2} data-pairing-code>
          {pairing.pairing}
        </Text>
      </Stack>
      <SwitchAccount account={account} />
      {workspace ? (
        <>
          <WorkspaceChoice workspaces={workspaces} value={workspace} onChange={setWorkspaceId} />
          <Radio.Group
            label="Key"
            value={isBound ? 'workspace' : 'personal'}
            onChange={(v) => setBinding(v as Binding)}
          >
            <Stack gap="xs" mt="xs">
              <Radio
                value="personal"
                label="Personal"
                description="Acts as you in every workspace that allows personal keys; you pay for its runs."
              />
              <Radio
                value="workspace"
                label="Bound to the workspace"
                description={
                  mayBind
                    ? 'Works in this workspace alone; its billed account pays.'
                    : 'Only an admin of the workspace can give it a key.'
                }
                disabled={!mayBind}
              />
            </Stack>
          </Radio.Group>
          {!isBound && !workspace.allowPersonalApiKeys && (
            <Alert color="orange" role="status">
              This workspace refuses personal keys: a personal key would not work there.
            </Alert>
          )}
        </>
      ) : (
        <Alert title="You are in no workspace yet">Make one first: the command line works in a workspace.</Alert>
      )}
      {!workspace && <CreateWorkspaceForm name="My workspace" stay />}
      <Fault error={action.error} />
      <Group grow>
        <Button variant="default" onClick={() => onDecided('refused')} disabled={action.isPending}>
          Refuse
        </Button>
        <Button
          leftSection={<IconTerminal2 size={18} aria-hidden />}
          onClick={() => action.run()}
          loading={action.isPending}
          disabled={!workspace}
        >
          Approve
        </Button>
      </Group>
    </Stack>
  );
}

interface WorkspaceChoiceProps {
  workspaces: Workspace[];
  value: Workspace;
  onChange: (id: string) => void;
}

function WorkspaceChoice({ workspaces, value, onChange }: WorkspaceChoiceProps) {
  return (
    <Select
      label="Workspace"
      description="Where the command line starts working"
      data={workspaces.map(({ id, name, permissions }) => ({ value: id, label: `${name} (${permissions})` }))}
      value={value.id}
      onChange={(id) => id && onChange(id)}
      allowDeselect={false}
      searchable={workspaces.length > 8}
    />
  );
}
