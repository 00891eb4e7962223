import { mergeNewest } from './merge-pages.js';
import type { LogEntry, LogPage } from './run-log.js';

const run = (second: number) => ({ id: `r${second}`, startedAt: new Date(second * 1000).toISOString() }) as LogEntry;
const page = (seconds: number[], nextCursor?: string): LogPage => ({
  data: seconds.map(run),
  ...(nextCursor !== undefined && { nextCursor }),
});
const idsOf = (pages: LogPage[] | undefined) => pages?.flatMap(({ data }) => data.map(({ id }) => id));

describe('following the log', () => {
  it('brings new runs to the top, once each', () => {
    expect(idsOf(mergeNewest([page([3, 2], 'c'), page([1])], page([5, 4, 3])))).toEqual(['r5', 'r4', 'r3', 'r2', 'r1']);
  });

  it('puts a run that ended late where it began', () => {
    expect(idsOf(mergeNewest([page([9, 5])], page([9, 7, 5])))).toEqual(['r9', 'r7', 'r5']);
  });

  it('gives up when runs between are not known', () => {
    expect(mergeNewest([page([3, 2])], page([9, 8], 'more'))).toBeUndefined();
    expect(idsOf(mergeNewest([page([])], page([9, 8])))).toEqual(['r9', 'r8']);
  });
});
