import { Button, Tabs } from '@mantine/core';
import { IconBuilding, IconPlus, IconUser } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { PageHeader } from '../look/page-header.js';
import { isAdmin } from '../workspaces/workspaces.js';
import { useWorkspace } from '../workspaces/use-workspace.js';
import { CreateKeyDialog } from './create-key-dialog.js';
import { KeyList } from './key-list.js';
import type { KeyKind } from './keys.js';
import { PersonalSwitch } from './personal-switch.js';

const route = getRouteApi('/w/$workspaceId/settings/keys');

/** Settings → Sim Keys. */
export default function KeysPage() {
  const workspace = useWorkspace();
  const { tab: kind = 'personal' } = route.useSearch();
  const navigate = route.useNavigate();
  const [isCreating, setCreating] = useState(false);
  const mayCreate = kind === 'personal' || isAdmin(workspace);
  return (
    <>
      <PageHeader
        title="Sim Keys"
        about="A key lets a program run workflows and read logs. It is shown once, and it can be revoked at any time."
      >
        {mayCreate && (
          <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setCreating(true)}>
            Create key
          </Button>
        )}
      </PageHeader>
      <PersonalSwitch workspace={workspace} />
      <Tabs
        value={kind}
        onChange={(tab) => void navigate({ search: { tab: tab as KeyKind }, replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="personal" leftSection={<IconUser size={16} aria-hidden />}>
            Personal
          </Tabs.Tab>
          <Tabs.Tab value="workspace" leftSection={<IconBuilding size={16} aria-hidden />}>
            Workspace
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value={kind}>
          <KeyList key={kind} kind={kind} workspace={workspace} onCreate={() => setCreating(true)} />
        </Tabs.Panel>
      </Tabs>
      <CreateKeyDialog kind={kind} workspaceId={workspace.id} opened={isCreating} onClose={() => setCreating(false)} />
    </>
  );
}
