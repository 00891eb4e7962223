import { type InfiniteData, useQuery, useQueryClient } from '@tanstack/react-query';
import type { LogFilters } from './log-search.js';
import { mergeNewest } from './merge-pages.js';
import { type LogPage, logsQuery, readLogs } from './run-log.js';

const EVERY_MS = 2_000;

/** Follows the log: every two seconds the newest page is brought into the list. */
export function useLiveTail(workspaceId: string, filters: LogFilters, isOn: boolean) {
  const client = useQueryClient();
  const { queryKey } = logsQuery(workspaceId, filters);
  return useQuery({
    queryKey: ['log-tail', workspaceId, filters],
    queryFn: async ({ signal }) => {
      const newest = await readLogs(workspaceId, filters, signal);
      const shown = client.getQueryData<InfiniteData<LogPage, string | undefined>>(queryKey);
      if (shown) {
        const pages = mergeNewest(shown.pages, newest);
        if (pages) client.setQueryData(queryKey, { ...shown, pages });
        else void client.resetQueries({ queryKey });
      }
      return Date.now();
    },
    enabled: isOn,
    refetchInterval: EVERY_MS,
    gcTime: 0,
  });
}
