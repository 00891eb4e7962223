/** Filters as the server takes them. */
export type LogFilters = Record<string, string | true | undefined>;

/** The filters of the log page, as they stand in the address (contract B5.1); `run` is the opened detail. */
export interface LogSearch {
  workflowIds?: string;
  folderIds?: string;
  triggers?: string;
  level?: 'info' | 'error';
  startDate?: string;
  endDate?: string;
  executionId?: string;
  minDurationMs?: string;
  maxDurationMs?: string;
  minCost?: string;
  maxCost?: string;
  model?: string;
  order?: 'asc';
  includeFinalOutput?: true;
  includeTraceSpans?: true;
  run?: string;
}

const TEXTS = [
  'workflowIds',
  'folderIds',
  'triggers',
  'startDate',
  'endDate',
  'executionId',
  'minDurationMs',
  'maxDurationMs',
  'minCost',
  'maxCost',
  'model',
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
  for (const name of ['includeFinalOutput', 'includeTraceSpans'] as const) if (search[name] === true) read[name] = true;
  return read;
}

/** The query of the server: the filters without what is the page's own. */
export const filtersOf = ({ run: _run, ...filters }: LogSearch): LogFilters => filters;

/** What decides how runs are shown, not which. */
const LOOKS = new Set<string>([
  'run',
  'order',
  'includeFinalOutput',
  'includeTraceSpans',
] satisfies (keyof LogSearch)[]);

/** How many filters narrow the log. */
export const countFilters = (search: LogSearch) =>
  Object.entries(search).filter(([name, value]) => !LOOKS.has(name) && value !== undefined).length;
