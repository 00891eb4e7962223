import { queryOptions } from '@tanstack/react-query';
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

export const signIn = (given: { email: string; password: string }) =>
  ask<{ user: Account }>('/api/auth/sign-in/email', { method: 'POST', body: given, ownCredential: true });

export const signUp = (given: { name: string; email: string; password: string }) =>
  ask<{ user: Account }>('/api/auth/sign-up/email', { method: 'POST', body: given, ownCredential: true });

/** Ends the session and, by loading the page anew, forgets everything that was read with it. `to`: where to go after. */
export async function signOut(to?: string): Promise<void> {
  await ask('/api/auth/sign-out', { method: 'POST', body: {}, ownCredential: true });
  location.assign(withQuery('/sign-in', { to }));
}
