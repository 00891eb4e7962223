import { rememberingLogger } from './own-database.contract.js';
import { reporter, SETTLING_MS } from './kafka-report.js';

const METADATA = 'Response Metadata(key: 3, version: 6)';

describe('what the Kafka client says', () => {
  function said(message: string, error: string | undefined, atMs: number) {
    const { lines, log } = rememberingLogger();
    let nowMs = 1_000;
    const report = reporter(log, () => nowMs);
    nowMs += atMs;
    const entry = { message, error, timestamp: '', broker: 'b:9092', stack: 'secret', payload: { data: 'secret' } };
    report({ namespace: 'Connection', level: 2, label: 'WARN', log: entry as never });
    return lines;
  }

  test.each([
    [METADATA, 'This server does not host this topic-partition'],
    [METADATA, 'There is no leader for this topic-partition as we are in the middle of a leadership election'],
    ['Response GroupCoordinator(key: 10, version: 2)', 'The group coordinator is not available'],
  ])('at a first start is for who looks closer, later a warning: %s, %s', (message, error) => {
    const line = { detail: { kafka: 'Connection', broker: 'b:9092', fault: error }, message };
    expect(said(message, error, SETTLING_MS - 1)).toEqual([{ level: 'debug', ...line }]);
    expect(said(message, error, SETTLING_MS)).toEqual([{ level: 'warn', ...line }]);
  });

  test('of trouble is a warning from the first moment', () => {
    for (const [message, error] of [
      ['Connection error: connect ECONNREFUSED', undefined],
      [METADATA, 'Not authorized to access topics: [Topic authorization failed]'],
    ] as const) {
      expect(said(message, error, 0)).toMatchObject([{ level: 'warn', message }]);
    }
  });

  test('on every rebalance is not told', () => {
    expect(said('The group is rebalancing, re-joining', undefined, SETTLING_MS)).toEqual([]);
  });
});
