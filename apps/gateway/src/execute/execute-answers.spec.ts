import { overBudget, runAnswer, timeoutText } from './execute-answers.js';

describe('the words of an execute answer', () => {
  test.each([
    [300_000, 'Execution timed out after 5 minutes'],
    [3_000_000, 'Execution timed out after 50 minutes'],
    [60_000, 'Execution timed out after 1 minute'],
    [30_000, 'Execution timed out after 30 seconds'],
    [1_000, 'Execution timed out after 1 second'],
  ])('a limit of %d ms', (timeoutMs, text) => {
    expect(timeoutText(timeoutMs)).toBe(text);
  });

  test.each([
    [5_000_000, 5_000_000, '$5.00 used of $5.00 limit'],
    [4_999_999, 5_000_000, '$4.99 used of $5.00 limit'],
    [0, 0, '$0.00 used of $0.00 limit'],
  ])('%d of %d micro-dollars used', (used, limit, text) => {
    expect(overBudget(used, limit).message).toContain(`Usage limit exceeded: ${text}. `);
    expect(overBudget(used, limit)).toMatchObject({ status: 402, code: 'USAGE_LIMIT_EXCEEDED' });
  });

  test('a failed run is told with its output and its reason', () => {
    const times = { durationMs: 3, startedAt: '2026-11-24T10:00:00.000Z', endedAt: '2026-11-24T10:00:00.003Z' };
    const answer = runAnswer({ success: false, runId: 'r', outputJson: 'null', error: 'it "broke"', ...times });
    expect(JSON.parse(answer)).toEqual({
      success: false,
      executionId: 'r',
      output: null,
      error: 'it "broke"',
      metadata: { duration: 3, startTime: times.startedAt, endTime: times.endedAt },
    });
  });
});
