import { AppShell, Burger, Group, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { sessionEnd } from '../session/session-end.js';
import { type Account, sessionQuery } from '../session/session.js';
import { rememberAccount } from '../session/sign-in-dialog.js';
import { useWorkspaceIfMember } from '../workspaces/use-workspace.js';
import type { Workspace } from '../workspaces/workspaces.js';
import { AccountMenu } from './account-menu.js';
import { AwayBanner } from './away-banner.js';
import { Mark } from './mark.js';
import { Navigation } from './navigation.js';
import { SchemeToggle } from './scheme-toggle.js';
import { NothingHere } from './trouble.js';
import { WorkspaceSwitcher } from './workspace-switcher.js';

const route = getRouteApi('/w/$workspaceId');

/** Watches the session of this tab: its end asks to sign in again, another account starts afresh. */
function useSessionWatch(account: Account) {
  const { data, dataUpdatedAt } = useQuery(sessionQuery);
  useEffect(() => rememberAccount(account), [account]);
  useEffect(() => {
    if (data === null) void sessionEnd.signInAgain();
    else if (data && data.id !== account.id) location.assign('/');
    // Signed in again in another tab: what waits for it here goes on.
    else if (data && sessionEnd.isAsking()) sessionEnd.settle(true);
  }, [data, dataUpdatedAt, account.id]);
}

/** The frame for members; what others get looks like its not being there. */
export default function Shell() {
  const { account } = route.useRouteContext();
  const workspace = useWorkspaceIfMember();
  useSessionWatch(account);
  return workspace ? <Frame account={account} workspace={workspace} /> : <NothingHere />;
}

/** The frame of every page of a workspace: where one is, where one can go, and who one is. */
function Frame({ account, workspace }: { account: Account; workspace: Workspace }) {
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const main = useRef<HTMLElement>(null);
  const lastPath = useRef(path);
  useEffect(() => {
    close();
    // A reader of the screen hears the new page; a reader of the keyboard starts at its top.
    if (lastPath.current !== path) main.current?.focus();
    lastPath.current = path;
  }, [path, close]);
  return (
    <AppShell
      header={{ height: 60 }}
      navbar={{ width: 248, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding={{ base: 'md', md: 'xl' }}
    >
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <AppShell.Header className="surface">
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label="Navigation"
              aria-expanded={isOpen}
            />
            <Mark />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <SchemeToggle />
            <AccountMenu account={account} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" className="surface" aria-label="Pages">
        <Stack gap="md">
          <WorkspaceSwitcher current={workspace} />
          <Navigation workspace={workspace} />
        </Stack>
      </AppShell.Navbar>
      <AppShell.Main id="content" ref={main} tabIndex={-1}>
        <Stack gap={0} maw={1240} mx="auto">
          <AwayBanner />
          <Outlet />
        </Stack>
      </AppShell.Main>
    </AppShell>
  );
}
