import { logged, runFinished, runRefused } from '../test/runs.js';
import { rowOf } from './run-row.js';
import type { LoggedEvent, NewEvent } from '@tollgate/contracts';

const rowFrom = (event: NewEvent<'RunFinished'>) => rowOf(logged([event])[0] as LoggedEvent<'RunFinished'>);

describe('the row of a run', () => {
  test.each([
    ['completed', true, 'info'],
    ['cancelled', true, 'info'],
    ['failed', true, 'error'],
    ['refused', false, 'error'],
  ] as const)('of a %s run has the level it should', (status, billable, level) => {
    expect(rowFrom(runFinished({ runId: 'r', status, billable })).level).toBe(level);
  });

  test('of a refused attempt costs nothing, whatever its event says', () => {
    expect(rowFrom(runRefused({ runId: 'r', costMicros: 5_000 })).costMicros).toBe(0);
  });

  test('has its times to the millisecond, in years that PostgreSQL knows', () => {
    const row = rowFrom(runFinished({ runId: 'r', startedAt: '2026-11-03T10:00:00.1239Z' }));
    expect(row.startedAt).toBe('2026-11-03T10:00:00.123Z');
    const ancient = runFinished({ runId: 'r', startedAt: '0000-01-01T00:00:00Z', endedAt: '0000-01-01T00:00:00Z' });
    expect(rowFrom(ancient).startedAt).toBe('0001-01-01T00:00:00.000Z');
  });

  test('holds no text that PostgreSQL refuses', () => {
    const row = rowFrom(
      runFinished({
        runId: 'r',
        workflowName: 'a\0b\ud800',
        output: { text: 'a\0b' },
        error: { code: 'X', message: '\0' },
      }),
    );
    expect(row.workflowName).toBe('a\ufffdb\ufffd');
    expect(`${row.output}${row.error}`).not.toContain('\0');
    expect(JSON.parse(row.output)).toEqual({ text: 'a\0b' });
  });

  test('is made even of what no process can write as JSON', () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 200_000; depth += 1) deep = [deep];
    expect(rowFrom(runFinished({ runId: 'r', output: deep })).output).toBe('"[nested too deeply]"');
    expect(rowFrom(runFinished({ runId: 'r', input: undefined })).input).toBe('null');
  });
});
