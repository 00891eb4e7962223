import { Divider, Stack, Text } from '@mantine/core';
import {
  IconChartBar,
  IconHome,
  IconKey,
  IconList,
  IconPlugConnected,
  IconRoute,
  IconSettings,
  IconUsers,
} from '@tabler/icons-react';
import { NavItem } from '../look/links.js';
import type { Workspace } from '../workspaces/workspaces.js';

/** The pages of a workspace. Active by path; `aria-current` says so to a screen reader. */
export function Navigation({ workspace }: { workspace: Workspace }) {
  const params = { workspaceId: workspace.id };
  const looks = { variant: 'light' as const, style: { borderRadius: 'var(--mantine-radius-md)' }, px: 'sm' };
  const isActive = { activeProps: { active: true, 'aria-current': 'page' as const } };
  const sign = { size: 19, stroke: 1.7, 'aria-hidden': true };
  return (
    <Stack gap={2}>
      <NavItem
        to="/w/$workspaceId"
        params={params}
        activeOptions={{ exact: true }}
        label="Home"
        leftSection={<IconHome {...sign} />}
        {...looks}
        {...isActive}
      />
      <NavItem
        to="/w/$workspaceId/workflows"
        params={params}
        label="Workflows"
        leftSection={<IconRoute {...sign} />}
        {...looks}
        {...isActive}
      />
      <NavItem
        to="/w/$workspaceId/mcp"
        params={params}
        label="MCP servers"
        leftSection={<IconPlugConnected {...sign} />}
        {...looks}
        {...isActive}
      />
      <NavItem
        to="/w/$workspaceId/logs"
        params={params}
        activeOptions={{ includeSearch: false }}
        label="Logs"
        leftSection={<IconList {...sign} />}
        {...looks}
        {...isActive}
      />
      <NavItem
        to="/w/$workspaceId/usage"
        params={params}
        activeOptions={{ includeSearch: false }}
        label="Usage and bills"
        leftSection={<IconChartBar {...sign} />}
        {...looks}
        {...isActive}
      />
      <NavItem
        to="/w/$workspaceId/members"
        params={params}
        label="Members"
        leftSection={<IconUsers {...sign} />}
        {...looks}
        {...isActive}
      />
      <Divider my="xs" />
      <Text size="xs" fw={600} c="dimmed" px="sm" pb={4}>
        Settings
      </Text>
      <NavItem
        to="/w/$workspaceId/settings/keys"
        params={params}
        activeOptions={{ includeSearch: false }}
        label="Sim Keys"
        leftSection={<IconKey {...sign} />}
        {...looks}
        {...isActive}
      />
      <NavItem
        to="/w/$workspaceId/settings/workspace"
        params={params}
        label="Workspace"
        leftSection={<IconSettings {...sign} />}
        {...looks}
        {...isActive}
      />
    </Stack>
  );
}
