import { QueryClient } from '@tanstack/react-query';
import { Refusal } from './refusal.js';

const TRIES_MAX = 3;
const PAUSE_MAX_MS = 5_000;

/** Reads are tried again when the server is away, never when it refused; changes are not repeated by themselves. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < TRIES_MAX && error instanceof Refusal && error.isPassing,
      retryDelay: (failures) => Math.min(500 * 2 ** failures, PAUSE_MAX_MS),
      networkMode: 'always',
    },
    mutations: { retry: false, networkMode: 'always' },
  },
});
