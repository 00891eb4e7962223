import { Button, Menu, ScrollArea, Text } from '@mantine/core';
import { IconCheck, IconPlus, IconSelector } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { CreateWorkspaceDialog } from '../workspaces/create-workspace-dialog.js';
import { type Workspace, workspacesQuery } from '../workspaces/workspaces.js';

export function WorkspaceSwitcher({ current }: { current: Workspace }) {
  const { data: workspaces = [] } = useQuery(workspacesQuery);
  const [isCreating, setCreating] = useState(false);
  const navigate = useNavigate();
  return (
    <>
      <Menu position="bottom-start" width="target">
        <Menu.Target>
          <Button
            variant="default"
            fullWidth
            justify="space-between"
            rightSection={<IconSelector size={16} aria-hidden />}
            aria-label={`Workspace ${current.name}: switch`}
            styles={{ label: { minWidth: 0, lineHeight: 1.5 } }}
          >
            <span className="long">{current.name}</span>
          </Button>
        </Menu.Target>
        <Menu.Dropdown miw={240}>
          <ScrollArea.Autosize mah={320}>
            {workspaces.map(({ id, name, permissions }) => (
              <Menu.Item
                key={id}
                leftSection={<IconCheck size={16} aria-hidden visibility={id === current.id ? 'visible' : 'hidden'} />}
                onClick={() => void navigate({ to: '/w/$workspaceId', params: { workspaceId: id } })}
                aria-current={id === current.id || undefined}
              >
                <Text size="sm" className="long" title={name}>
                  {name}
                </Text>
                <Text size="xs" c="dimmed">
                  {permissions}
                </Text>
              </Menu.Item>
            ))}
          </ScrollArea.Autosize>
          <Menu.Divider />
          <Menu.Item leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setCreating(true)}>
            New workspace
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <CreateWorkspaceDialog opened={isCreating} onClose={() => setCreating(false)} />
    </>
  );
}
