import type { KeySurface } from './refusals.js';

/** Metadata keys of the route words; apart from the decorators, so that the guards can read them. */
export const ROUTE_AUTH = 'tollgate:route-auth';
export const API_KEY_ROUTE = 'tollgate:api-key-route';

export interface ApiKeyRouteOptions {
  /** Which route's words a refusal has. */
  surface: KeySurface;
  /** Takes a token of the caller's `api` bucket and sets the rate headers. */
  rated: boolean;
}
