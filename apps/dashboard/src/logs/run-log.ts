import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { LogDetail, LogEntry } from '@tollgate/contracts';
import { ask, withQuery } from '../server/ask.js';
import type { LogFilters } from './log-search.js';

export type { LogEntry };

/** The detail that a signed-in reader gets: the v1 detail, and who called with what. */
export interface RunDetail extends LogDetail {
  key?: { id: string; name: string | null; type: 'personal' | 'workspace' | null } | null;
  client: LogDetail['client'] & { userAgent?: string | null; clientInfo?: string | null };
  requestId?: string;
}

export interface LogPage {
  data: LogEntry[];
  nextCursor?: string;
}

const PAGE_SIZE = 50;

export const readLogs = (
  workspaceId: string,
  filters: LogFilters,
  signal: AbortSignal,
  limit = PAGE_SIZE,
  cursor?: string,
) => ask<LogPage>(withQuery('/api/logs', { workspaceId, ...filters, details: 'full', limit, cursor }), { signal });

/** Runs of a workspace that pass the filters, page by page. */
export const logsQuery = (workspaceId: string, filters: LogFilters) =>
  infiniteQueryOptions({
    queryKey: ['logs', workspaceId, filters],
    queryFn: ({ signal, pageParam }) => readLogs(workspaceId, filters, signal, PAGE_SIZE, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    // New runs come in by the live tail, not by reading all pages again.
    refetchOnWindowFocus: false,
    staleTime: 60_000,
  });

/** The newest few runs, read again and again while somebody waits for one. */
export const latestRunsQuery = (workspaceId: string, everyMs: number | false) =>
  queryOptions({
    queryKey: ['latest-runs', workspaceId],
    queryFn: async ({ signal }) => (await readLogs(workspaceId, {}, signal, 5)).data,
    refetchInterval: everyMs,
  });

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ['run', id],
    queryFn: async ({ signal }) =>
      (await ask<{ data: RunDetail }>(`/api/logs/${encodeURIComponent(id)}`, { signal })).data,
    staleTime: Infinity,
  });
