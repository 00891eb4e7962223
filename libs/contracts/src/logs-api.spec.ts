import { LOG_LIST_MAX, logListQuerySchema } from './logs-api.js';

const read = (query: Record<string, unknown>) => logListQuerySchema.safeParse({ workspaceId: 'w1', ...query });
const valueOf = (query: Record<string, unknown>) => read(query).data;
const faultsOf = (query: Record<string, unknown>) =>
  read(query).error?.issues.map((issue) => [issue.path.join('.'), issue.message]);

describe('the query of v1 logs', () => {
  test.each([
    [{}, 100],
    [{ limit: '0' }, 1],
    [{ limit: '-3' }, 1],
    [{ limit: '2.9' }, 2],
    [{ limit: '0.9' }, 1],
    [{ limit: '1000' }, 1000],
    [{ limit: '1001' }, 1000],
    [{ limit: '99999999999999999999999' }, 1000],
    [{ limit: '1e300' }, 1000],
    [{ limit: '-1e999' }, 1],
    [{ limit: '' }, 100],
  ])('clamps and truncates the limit of %j to %i', (query, limit) => {
    expect(valueOf(query)?.limit).toBe(limit);
  });

  test.each([
    [{ limit: 'ten' }, 'limit', 'limit must be a number'],
    [{ minCost: 'x' }, 'minCost', 'minCost must be a number'],
    [{ maxCost: 'NaN' }, 'maxCost', 'maxCost must be a number'],
    [{ minDurationMs: '1s' }, 'minDurationMs', 'minDurationMs must be a number'],
    [{ maxDurationMs: 'Infinity' }, 'maxDurationMs', 'maxDurationMs must be a number'],
    [{ startDate: 'soon' }, 'startDate', 'startDate must be an ISO 8601 date'],
    [{ endDate: '2026-02-30' }, 'endDate', 'endDate must be an ISO 8601 date'],
    [{ level: 'warn' }, 'level', 'level must be one of info, error'],
    [{ order: 'up' }, 'order', 'order must be one of desc, asc'],
    [{ details: 'all' }, 'details', 'details must be one of basic, full'],
    [{ includeTraceSpans: 'yes' }, 'includeTraceSpans', 'includeTraceSpans must be true, false, 1 or 0'],
    [{ workflowIds: ['a', 'b'] }, 'workflowIds', 'workflowIds must be given once'],
    [{ cursor: ['a', 'b'] }, 'cursor', 'cursor must be given once'],
    [{ workspaceId: ['a', 'b'] }, 'workspaceId', 'workspaceId must be given once'],
    [{ workspaceId: undefined }, 'workspaceId', 'Workspace ID is required'],
    [{ workspaceId: '' }, 'workspaceId', 'Workspace ID is required'],
    [{ executionId: 'a\0' }, 'executionId', 'executionId must not contain control characters'],
    [
      { triggers: Array.from({ length: LOG_LIST_MAX + 1 }, (_, index) => index).join(',') },
      'triggers',
      `triggers must have at most ${LOG_LIST_MAX} values`,
    ],
  ])('refuses %j by name', (query, path, message) => {
    expect(faultsOf(query)).toEqual([[path, message]]);
  });

  test('names the missing workspace first, whatever else is wrong', () => {
    expect(faultsOf({ workspaceId: undefined, limit: 'x' })?.[0]).toEqual(['workspaceId', 'Workspace ID is required']);
  });

  test('drops empties of lists and reads flags in all four spellings', () => {
    expect(valueOf({ workflowIds: 'a,,b,', triggers: ',' })).toMatchObject({ workflowIds: ['a', 'b'], triggers: [] });
    for (const [text, value] of Object.entries({ true: true, '1': true, TRUE: true, false: false, '0': false })) {
      expect(valueOf({ includeFinalOutput: text })?.includeFinalOutput).toBe(value);
    }
  });

  test('ignores what it does not know', () => {
    expect(valueOf({ colour: 'red', page: ['1', '2'] })).not.toHaveProperty('colour');
  });

  test('takes every empty optional parameter as not given', () => {
    const names = Object.keys(logListQuerySchema.shape).filter((name) => name !== 'workspaceId');
    expect(read(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(read({}));
  });
});
