import { queryOptions } from '@tanstack/react-query';
import type { signInWaysSchema } from '@tollgate/contracts';
import type { z } from 'zod';
import { ask, withQuery } from '../server/ask.js';

export interface Account {
  id: string;
  name: string;
  email: string;
}

/** Who is signed in; null: nobody. Looked at again whenever the reader comes back to this tab. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }) => {
    const session = await ask<{ user: Account } | null>('/api/auth/get-session', { signal, ownCredential: true });
    return session?.user ?? null;
  },
  staleTime: 30_000,
  refetchOnWindowFocus: 'always',
});

export type SignInWays = z.infer<typeof signInWaysSchema>;
const PASSWORD_ALONE: SignInWays = { password: true, signUp: 'open', providers: [] };

/** How one can sign in here. A server that does not tell is taken for one with passwords: it has the last word anyway. */
export const waysQuery = queryOptions({
  queryKey: ['sign-in-ways'],
  queryFn: ({ signal }) =>
    ask<SignInWays>('/api/auth/providers', { signal, ownCredential: true }).catch(() => PASSWORD_ALONE),
  staleTime: Infinity,
});

/** Goes to the provider's page, which sends the reader back to `path` of this one. */
export async function signInAtProvider(provider: SignInWays['providers'][number]['id'], path: string): Promise<void> {
  const body = { provider, callbackURL: path };
  const { url } = await ask<{ url: string }>('/api/auth/sign-in/social', { method: 'POST', body, ownCredential: true });
  location.assign(url);
}

export const signIn = (given: { email: string; password: string }) =>
  ask<{ user: Account }>('/api/auth/sign-in/email', { method: 'POST', body: given, ownCredential: true });

export const signUp = (given: { name: string; email: string; password: string }) =>
  ask<{ user: Account }>('/api/auth/sign-up/email', { method: 'POST', body: given, ownCredential: true });

/** Ends the session and, by loading the page anew, forgets everything that was read with it. `to`: where to go after. */
export async function signOut(to?: string): Promise<void> {
  await ask('/api/auth/sign-out', { method: 'POST', body: {}, ownCredential: true });
  location.assign(withQuery('/sign-in', { to }));
}
