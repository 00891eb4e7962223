import { emailSchema, nameSchema, SIGN_ON_PROVIDER } from '@tollgate/contracts';
import type { Config } from '@tollgate/service-kit';
import { genericOAuth } from 'better-auth/plugins';

/** Where whoever could not be signed in is sent, with `?error=` and the reason. */
export const SIGN_IN_PAGE = '/sign-in';

/** Whether a provider is configured; the start has made sure that it is as a whole. */
export function hasSingleSignOn(config: Config): boolean {
  return config.OIDC_ISSUER !== undefined;
}

/**
 * Sign-in at the configured OpenID Connect provider: authorization code with PKCE, the ID token verified by the provider's
 * published keys, its nonce and its audience. A provider that is away at the start is asked again at each sign-in.
 */
export function singleSignOn(config: Config) {
  const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET } = config;
  if (OIDC_ISSUER === undefined || OIDC_CLIENT_ID === undefined || OIDC_CLIENT_SECRET === undefined) return [];
  const provider = {
    providerId: SIGN_ON_PROVIDER,
    name: config.OIDC_NAME,
    discoveryUrl: `${OIDC_ISSUER}/.well-known/openid-configuration`,
    clientId: OIDC_CLIENT_ID,
    clientSecret: OIDC_CLIENT_SECRET,
    scopes: ['openid', 'email', 'profile'],
    pkce: true,
    requireIdTokenVerification: true,
    disableSignUp: config.SIGN_UP === 'closed',
    mapProfileToUser: (profile: Record<string, unknown>) => personOf(profile),
  };
  return [genericOAuth({ config: [provider] })];
}

/** What the provider says of somebody, within our own rules for names and addresses. */
export function personOf(profile: Record<string, unknown>): { email?: string; name: string; image: undefined } {
  const email = emailSchema.safeParse(profile.email).data;
  const names = [profile.name, profile.preferred_username, email?.split('@')[0]];
  const name = names.map((text) => nameSchema.safeParse(text).data).find((text) => text !== undefined) ?? 'Somebody';
  return { ...(email !== undefined && { email }), name, image: undefined };
}
