import type { Config, HostedServices } from '@tollgate/service-kit';

/** The services that a gateway passes on to, where they run apart from it. */
export type ForwardedService = 'keys' | 'billing' | 'logs';

/**
 * What each service owns, as the beginnings of paths: a gateway is all that clients reach of a fleet. A list of what is
 * passed on, not of what is not: what is on no list (`/internal`, `/health`, `/metrics` of the others) cannot be reached.
 */
export const FORWARDED_PATHS: Record<ForwardedService, readonly string[]> = {
  keys: [
    '/api/auth',
    '/api/cli',
    '/api/invitations',
    '/api/keys',
    '/api/users/me/api-keys',
    '/api/workspaces',
    '/api/v1/admin/users',
    '/api/v1/admin/keys',
    '/api/v1/admin/gateways',
    '/api/v2/workspaces',
  ],
  billing: ['/api/billing', '/api/users/me/usage-limits', '/api/v1/admin/prices', '/api/v2/billing'],
  logs: ['/api/logs', '/api/v1/logs', '/api/v2/logs'],
};

/** Whose path it is; undefined for the gateway's own and for those that nobody owns. */
export function ownerOf(path: string): ForwardedService | undefined {
  const services = Object.entries(FORWARDED_PATHS) as [ForwardedService, readonly string[]][];
  return services.find(([, paths]) => paths.some((start) => path === start || path.startsWith(`${start}/`)))?.[0];
}

/** Where the services run that this process passes on to: those that have an address and are not in it themselves. */
export function ownersApart(
  { KEYS_URL, BILLING_URL, LOGS_URL }: Pick<Config, 'KEYS_URL' | 'BILLING_URL' | 'LOGS_URL'>,
  hosted: HostedServices,
): [service: ForwardedService, url: string][] {
  const urls: [ForwardedService, string | undefined][] = [
    ['keys', KEYS_URL],
    ['billing', BILLING_URL],
    ['logs', LOGS_URL],
  ];
  return urls.flatMap(([service, url]) => (url === undefined || hosted.has(service) ? [] : [[service, url]]));
}
