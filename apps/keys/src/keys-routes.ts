import type { RouteSpec } from '@tollgate/contracts';
import { accountRoutes } from './accounts/account-routes.js';
import { keyRoutes } from './keys/key-routes.js';
import { workspaceRoutes } from './workspaces/workspace-routes.js';

/** Every route of this service. */
export const keysRoutes: readonly RouteSpec[] = [...accountRoutes, ...workspaceRoutes, ...keyRoutes];
