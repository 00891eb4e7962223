import { queryOptions } from '@tanstack/react-query';
import type { Reconciliation, UsageLimits } from '@tollgate/contracts';
import { monthWindow } from '../look/dates.js';
import { ask, askRaw, withQuery } from '../server/ask.js';
import type { UsageGroup } from './usage-search.js';

export interface Sums {
  requests: number;
  durationMs: number;
  cost: string;
}

/** A row of any grouping, as the chart and the table read it. */
export interface GroupRow extends Sums {
  id: string;
  name: string;
}

export interface Report<Row> {
  rows: Row[];
  total: Sums;
  asOf: { position: string; at: string | null };
}

type RawRow = Sums & {
  workspaceId?: string;
  workspaceName?: string;
  keyId?: string | null;
  keyName?: string | null;
  keyType?: string | null;
  workflowId?: string;
  workflowName?: string;
};

const groupRow = (row: RawRow, by: UsageGroup): GroupRow => {
  const { requests, durationMs, cost } = row;
  const sums = { requests, durationMs, cost };
  if (by === 'workspace') return { id: row.workspaceId ?? '', name: row.workspaceName ?? '', ...sums };
  if (by === 'workflow') return { id: row.workflowId ?? '', name: row.workflowName ?? '', ...sums };
  return { id: row.keyId ?? '', name: row.keyName ?? 'Without a key', ...sums };
};

const OPEN_STALE_MS = 10_000;

export const daysQuery = (month: string) =>
  queryOptions({
    queryKey: ['report', month, 'day'],
    queryFn: ({ signal }) =>
      ask<Report<Sums & { day: string }>>(
        withQuery('/api/billing/reports', { ...monthWindow(month), groupBy: 'day' }),
        { signal },
      ),
    staleTime: OPEN_STALE_MS,
  });

export const groupsQuery = (month: string, by: UsageGroup) =>
  queryOptions({
    queryKey: ['report', month, by],
    queryFn: async ({ signal }) => {
      const path = withQuery('/api/billing/reports', { ...monthWindow(month), groupBy: by });
      const report = await ask<Report<RawRow>>(path, { signal });
      return { ...report, rows: report.rows.map((row) => groupRow(row, by)) };
    },
    staleTime: OPEN_STALE_MS,
  });

/** What each day of the month holds, by group. Rejects with a 400 when that is more than one report may have. */
export const splitQuery = (month: string, by: UsageGroup) =>
  queryOptions({
    queryKey: ['report', month, 'day', by],
    queryFn: async ({ signal }) => {
      const path = withQuery('/api/billing/reports', { ...monthWindow(month), groupBy: 'day', splitBy: by });
      const { rows } = await ask<Report<RawRow & { day: string }>>(path, { signal });
      return rows.map((row) => ({ day: row.day, ...groupRow(row, by) }));
    },
    staleTime: OPEN_STALE_MS,
  });

export const limitsQuery = queryOptions({
  queryKey: ['usage-limits'],
  queryFn: ({ signal }) => ask<UsageLimits>('/api/users/me/usage-limits', { signal }),
  refetchInterval: 5_000,
});

export const reconciliationQuery = (month: string) =>
  queryOptions({
    queryKey: ['reconciliation', month],
    queryFn: ({ signal }) =>
      ask<Reconciliation>(withQuery('/api/billing/reconciliation', monthWindow(month)), { signal }),
    staleTime: OPEN_STALE_MS,
  });

/** What a downloaded report has a row for. */
export type ReportRows = { groupBy: UsageGroup | 'day'; splitBy?: UsageGroup };

/** Saves a month's report as a file; a refusal is thrown, not saved. */
export async function downloadReport(month: string, rows: ReportRows, format: 'json' | 'csv'): Promise<void> {
  const answer = await askRaw(withQuery('/api/billing/reports', { ...monthWindow(month), ...rows, format }));
  const url = URL.createObjectURL(await answer.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = `tollgate-${month}-by-${[rows.groupBy, rows.splitBy].filter(Boolean).join('-and-')}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
