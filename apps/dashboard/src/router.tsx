import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { Rows } from './look/surface.js';
import { readLogSearch } from './logs/log-search.js';
import { readPairingSearch } from './pairing/pairing-search.js';
import { queryClient } from './server/query-client.js';
import { sessionQuery, waysQuery } from './session/session.js';
import { NothingHere, Trouble } from './shell/trouble.js';
import { readUsageSearch } from './usage/usage-search.js';
import { lastWorkspace, workspacesQuery } from './workspaces/workspaces.js';

/** How a provider's sign-in ended, when it failed: a word of the server's, never a sentence of somebody else's. */
const readError = ({ error }: Record<string, unknown>): { error?: string } =>
  typeof error === 'string' && /^[\w-]{1,60}$/.test(error) ? { error } : {};

const readTo = (search: Record<string, unknown>): { to?: string } =>
  typeof search.to === 'string' ? { to: search.to } : {};

/** Sends a stranger to the sign-in page, and back here afterwards. */
async function needSession({ location }: { location: { href: string } }) {
  const account = await queryClient.ensureQueryData(sessionQuery);
  if (!account) throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { to: location.href } });
  return { account };
}

const root = createRootRoute({ component: Outlet, notFoundComponent: NothingHere, errorComponent: Trouble });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>) => ({ ...readTo(search), ...readError(search) }),
  loader: () => queryClient.ensureQueryData(waysQuery),
  component: lazyRouteComponent(() => import('./session/sign-in-page.js')),
});
const signUp = createRoute({
  getParentRoute: () => root,
  path: '/sign-up',
  validateSearch: readTo,
  loader: () => queryClient.ensureQueryData(waysQuery),
  component: lazyRouteComponent(() => import('./session/sign-up-page.js')),
});
const start = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: needSession,
  loader: () => queryClient.ensureQueryData(workspacesQuery),
  component: lazyRouteComponent(() => import('./workspaces/start-page.js')),
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitations/$token',
  beforeLoad: needSession,
  component: lazyRouteComponent(() => import('./members/invitation-page.js')),
});
const pairing = createRoute({
  getParentRoute: () => root,
  path: '/cli/auth',
  validateSearch: readPairingSearch,
  beforeLoad: needSession,
  loader: () => queryClient.ensureQueryData(workspacesQuery),
  component: lazyRouteComponent(() => import('./pairing/pairing-page.js')),
});
const operator = createRoute({
  getParentRoute: () => root,
  path: '/operator',
  component: lazyRouteComponent(() => import('./operator/operator-page.js')),
});

const workspace = createRoute({
  getParentRoute: () => root,
  path: '/w/$workspaceId',
  beforeLoad: needSession,
  loader: async ({ params }) => {
    const all = await queryClient.ensureQueryData(workspacesQuery);
    if (all.some(({ id }) => id === params.workspaceId)) lastWorkspace.set(params.workspaceId);
  },
  component: lazyRouteComponent(() => import('./shell/shell.js')),
});
const page = <const Path extends string>(path: Path, load: () => Promise<{ default: () => React.ReactNode }>) =>
  createRoute({ getParentRoute: () => workspace, path, component: lazyRouteComponent(load) });

const home = page('/', () => import('./home/home-page.js'));
const workflows = page('/workflows', () => import('./workflows/workflows-page.js'));
const newWorkflow = page('/workflows/new', () => import('./workflows/new-workflow-page.js'));
const workflow = page('/workflows/$workflowId', () => import('./workflows/workflow-page.js'));
const mcp = page('/mcp', () => import('./mcp/mcp-page.js'));
const members = page('/members', () => import('./members/members-page.js'));
const keys = createRoute({
  getParentRoute: () => workspace,
  path: '/settings/keys',
  validateSearch: (search): { tab?: 'personal' | 'workspace' } =>
    search.tab === 'workspace' || search.tab === 'personal' ? { tab: search.tab } : {},
  component: lazyRouteComponent(() => import('./keys/keys-page.js')),
});
const settings = page('/settings/workspace', () => import('./workspaces/workspace-page.js'));
const usage = createRoute({
  getParentRoute: () => workspace,
  path: '/usage',
  validateSearch: readUsageSearch,
  component: lazyRouteComponent(() => import('./usage/usage-page.js')),
});
const logs = createRoute({
  getParentRoute: () => workspace,
  path: '/logs',
  validateSearch: readLogSearch,
  component: lazyRouteComponent(() => import('./logs/logs-page.js')),
});

export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    signUp,
    start,
    invitation,
    pairing,
    operator,
    workspace.addChildren([home, workflows, newWorkflow, workflow, mcp, members, keys, settings, usage, logs]),
  ]),
  // What a route does not know is not in its search: junk in a link reaches neither the page nor the server.
  search: { strict: true },
  defaultErrorComponent: Trouble,
  defaultNotFoundComponent: NothingHere,
  defaultPendingComponent: () => <Rows count={6} height={56} />,
  defaultPendingMs: 150,
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
