import { ActionIcon, Badge, Group, Menu, Stack, Text, Title } from '@mantine/core';
import { IconDots, IconPencil, IconTrash } from '@tabler/icons-react';
import { countText } from '../look/dollars.js';
import { Surface } from '../look/surface.js';
import { ClientConfiguration } from './client-configuration.js';
import type { McpServer } from './mcp-servers.js';

export interface ServerCardProps {
  server: McpServer;
  onEdit: () => void;
  onDelete: () => void;
}

export function ServerCard({ server, onEdit, onDelete }: ServerCardProps) {
  const { length: tools } = server.workflowIds;
  return (
    <Surface p="md" data-mcp-server={server.name}>
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap" gap="sm" align="flex-start">
          <div className="shrinks">
            <Title order={2} fz="md" className="long" title={server.name}>
              {server.name}
            </Title>
            <Text size="sm" c="dimmed" lineClamp={2} className="wrap-anywhere">
              {server.description ?? `${countText(tools)} ${tools === 1 ? 'workflow' : 'workflows'}`}
            </Text>
          </div>
          <Group gap={4} wrap="nowrap">
            <Badge variant="light" color={server.isPublic ? 'orange' : 'gray'}>
              {server.isPublic ? 'public' : 'needs a key'}
            </Badge>
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${server.name}`}>
                  <IconDots size={18} aria-hidden />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={onEdit}>
                  Edit
                </Menu.Item>
                <Menu.Item
                  color="var(--mantine-color-error)"
                  leftSection={<IconTrash size={16} aria-hidden />}
                  onClick={onDelete}
                >
                  Delete
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Group>
        </Group>
        <ClientConfiguration server={server} />
      </Stack>
    </Surface>
  );
}
