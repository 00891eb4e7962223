import { dayGroups, OTHERS, SERIES_MAX, seriesOf, stackDays, unsplit } from './stack.js';
import type { GroupRow } from './usage.js';

const row = (id: string, cost: string, name = id): GroupRow => ({ id, name, cost, requests: 1, durationMs: 1 });

describe('the stacked chart', () => {
  it('gives the dearest a colour each and sums up the rest', () => {
    const rows = Array.from({ length: SERIES_MAX + 3 }, (_, index) => row(`g${index}`, `${index}.000000`));
    const series = seriesOf(rows);
    expect(series).toHaveLength(SERIES_MAX + 1);
    expect(series[0]?.id).toBe(`s-g${SERIES_MAX + 2}`);
    expect(series.at(-1)).toEqual({ id: OTHERS, name: '3 others' });
  });

  it('tells groups of one name apart', () => {
    expect(seriesOf([row('a', '2', 'Same'), row('b', '1', 'Same')]).map(({ name }) => name)).toEqual([
      'Same',
      'Same (2)',
    ]);
  });

  it('stacks each day exactly, empty days included', () => {
    const rows = [row('a', '0.300000'), row('b', '0.100000')];
    const days = new Map([['2026-11-02', [row('a', '0.100000'), row('c', '0.200000'), row('d', '0.100000')]]]);
    const series = [...seriesOf(rows), { id: OTHERS, name: 'others' }];
    expect(stackDays(['2026-11-01', '2026-11-02'], days, series, 'cost')).toEqual([
      { day: 'Nov 1', 's-a': 0, 's-b': 0, others: 0 },
      { day: 'Nov 2', 's-a': 0.1, 's-b': 0, others: 0.3 },
    ]);
  });

  it('draws the rows of a split report day by day, and whole days when it cannot be had', () => {
    const rows = [
      { day: '2026-11-01', ...row('a', '0.100000') },
      { day: '2026-11-02', ...row('b', '0.200000') },
      { day: '2026-11-02', ...row('a', '0.300000') },
    ];
    const days = ['2026-11-01', '2026-11-02'];
    expect(stackDays(days, dayGroups(rows), seriesOf([row('a', '0.4'), row('b', '0.2')]), 'cost')).toEqual([
      { day: 'Nov 1', 's-a': 0.1, 's-b': 0 },
      { day: 'Nov 2', 's-a': 0.3, 's-b': 0.2 },
    ]);
    const whole = unsplit([{ day: '2026-11-02', requests: 2, durationMs: 9, cost: '0.500000' }]);
    expect(stackDays(days, whole, [{ id: 's-', name: 'All' }], 'requests')).toEqual([
      { day: 'Nov 1', 's-': 0 },
      { day: 'Nov 2', 's-': 2 },
    ]);
  });
});
