/** The filters of the log page, as they stand in the address (contract B5.1); `run` is the opened detail. */
export interface LogSearch {
  workflowIds?: string;
  triggers?: string;
  level?: 'info' | 'error';
  startDate?: string;
  endDate?: string;
  executionId?: string;
  minDurationMs?: string;
  maxDurationMs?: string;
  minCost?: string;
  maxCost?: string;
  order?: 'asc';
  run?: string;
}

const TEXTS = [
  'workflowIds',
  'triggers',
  'startDate',
  'endDate',
  'executionId',
  'minDurationMs',
  'maxDurationMs',
  'minCost',
  'maxCost',
  'run',
] as const;

/** Reads an address: what is not a filter is dropped, so that junk in a link never reaches the server. */
export function readLogSearch(search: Record<string, unknown>): LogSearch {
  const read: LogSearch = {};
  for (const name of TEXTS) {
    const value = search[name];
    if ((typeof value === 'string' || typeof value === 'number') && String(value) !== '')
      read[name] = String(value).slice(0, 4_000);
  }
  if (search.level === 'info' || search.level === 'error') read.level = search.level;
  if (search.order === 'asc') read.order = 'asc';
  return read;
}

/** The query of the server: the filters without what is the page's own. */
export function filtersOf({ run: _run, ...filters }: LogSearch): Record<string, string | undefined> {
  return { ...filters };
}

export const countFilters = (search: LogSearch) =>
  Object.entries(search).filter(([name, value]) => name !== 'run' && name !== 'order' && value !== undefined).length;
