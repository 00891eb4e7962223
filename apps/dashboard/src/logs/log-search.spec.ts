import { countFilters, filtersOf, readLogSearch } from './log-search.js';
import { instantOf, localOf } from './zone-input.js';

describe('the filters in the address', () => {
  it('are read back as they were set', () => {
    const search = { level: 'error', workflowIds: 'a,b', minCost: '0.005', run: 'x', order: 'asc' };
    expect(readLogSearch(search)).toEqual(search);
    const rest = { folderIds: 'a,b', model: 'gpt-4', includeFinalOutput: true, includeTraceSpans: true };
    expect(readLogSearch(rest)).toEqual(rest);
  });

  it('drop junk', () => {
    expect(
      readLogSearch({
        level: 'fatal',
        order: 'up',
        workflowIds: { a: 1 },
        evil: '1',
        minDurationMs: 5,
        includeTraceSpans: 'x',
      }),
    ).toEqual({
      minDurationMs: '5',
    });
  });

  it('count what narrows, and send what the server knows', () => {
    const search = readLogSearch({ level: 'error', model: 'm', run: 'x', order: 'asc', includeTraceSpans: true });
    expect(countFilters(search)).toBe(2);
    expect(filtersOf(search)).toEqual({ level: 'error', model: 'm', order: 'asc', includeTraceSpans: true });
  });

  it('speak the reader’s zone in fields and UTC to the server', () => {
    const local = '2026-11-24T10:30';
    expect(localOf(instantOf(local))).toBe(local);
    expect(Date.parse(instantOf(local, true)!) - Date.parse(instantOf(local)!)).toBe(59_999);
    expect(instantOf('junk')).toBeUndefined();
  });
});
