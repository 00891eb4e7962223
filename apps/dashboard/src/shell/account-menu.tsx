import { Avatar, Menu, Text, UnstyledButton } from '@mantine/core';
import { IconLogout, IconTool } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { notifyFault } from '../look/fault.js';
import { type Account, signOut } from '../session/session.js';

export function AccountMenu({ account }: { account: Account }) {
  const navigate = useNavigate();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <UnstyledButton>
          <span className="visually-hidden">Account {account.email}</span>
          <Avatar color="sea" variant="filled" radius="xl" size={34} name={account.name} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} className="long" c="var(--mantine-color-text)">
            {account.name}
          </Text>
          <Text size="xs" c="dimmed" className="long">
            {account.email}
          </Text>
        </Menu.Label>
        <Menu.Divider />
        <Menu.Item leftSection={<IconTool size={16} aria-hidden />} onClick={() => void navigate({ to: '/operator' })}>
          Operator page
        </Menu.Item>
        <Menu.Item
          leftSection={<IconLogout size={16} aria-hidden />}
          onClick={() => void signOut().catch((error) => notifyFault(error, 'Still signed in'))}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
