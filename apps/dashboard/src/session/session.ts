import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { ask } from '../server/ask.js';

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

/** Ends the session here and forgets everything that was read with it. */
export async function signOut(): Promise<void> {
  await ask('/api/auth/sign-out', { method: 'POST', body: {}, ownCredential: true });
  location.assign('/sign-in');
}

/** The signed-in account inside the shell. When another tab signed in somebody else, this tab starts afresh. */
export function useAccount(): Account {
  const first = useRef<Account>(undefined);
  const client = useQueryClient();
  const { data } = useQuery(sessionQuery);
  const account = data ?? first.current ?? client.getQueryData<Account>(['session']);
  if (data && first.current && data.id !== first.current.id) location.assign('/');
  if (data && !first.current) first.current = data;
  if (!account) throw new Error('This page needs a session');
  return account;
}
