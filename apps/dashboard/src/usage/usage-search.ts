export const USAGE_GROUPS = ['workspace', 'key', 'workflow'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

/** What the usage page shows, as it stands in the address. */
export interface UsageSearch {
  /** A UTC month, `2026-11`; absent: this one. */
  month?: string;
  by?: UsageGroup;
}

export function readUsageSearch(search: Record<string, unknown>): UsageSearch {
  const by = USAGE_GROUPS.find((group) => group === search.by);
  const month =
    typeof search.month === 'string' && /^20\d\d-(0[1-9]|1[0-2])$/.test(search.month) ? search.month : undefined;
  return { ...(month !== undefined && { month }), ...(by !== undefined && { by }) };
}
