import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { Box, Center, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { daysOf, utcDayOf } from '../look/dates.js';
import { countText, dollarsOf } from '../look/dollars.js';
import { Fault } from '../look/fault.js';
import { Rows } from '../look/surface.js';
import { Refusal } from '../server/refusal.js';
import { dayGroups, type Measure, seriesOf, stackDays, unsplit } from './stack.js';
import { type GroupRow, splitQuery, type Sums } from './usage.js';
import type { UsageGroup } from './usage-search.js';

/** Apart in hue and in lightness, so that neighbours differ without colour too. */
const COLORS = ['sea.7', 'orange.5', 'indigo.6', 'lime.6', 'grape.6', 'yellow.5', 'pink.5', 'gray.5'];

export interface UsageChartProps {
  month: string;
  by: UsageGroup;
  measure: Measure;
  days: (Sums & { day: string })[];
  rows: GroupRow[];
  height: number;
}

/** Cost or runs by day, stacked. The table below the chart tells the same to who cannot see it. */
export default function UsageChart({ month, by, measure, days, rows, height }: UsageChartProps) {
  const today = utcDayOf(Date.now());
  const split = useQuery(splitQuery(month, by));
  if (days.every(({ requests }) => requests === 0)) {
    return (
      <Center h={height}>
        <Text c="dimmed" size="sm">
          Nothing was run on your bill in this month.
        </Text>
      </Center>
    );
  }
  const isTooLong = split.error instanceof Refusal && split.error.status === 400;
  if (!split.data && !isTooLong) {
    return split.error ? (
      <Fault error={split.error} retry={() => void split.refetch()} />
    ) : (
      <Rows count={1} height={height} />
    );
  }
  const groupsOf = split.data ? dayGroups(split.data) : unsplit(days);
  const series = split.data ? seriesOf(rows) : [{ id: 's-', name: 'All' }];
  const shown = (value: number) => (measure === 'cost' ? dollarsOf(value) : countText(value));
  const last = today.startsWith(month) ? today : '9999-12-31';
  return (
    <Box
      role="img"
      aria-label={`${measure === 'cost' ? 'Cost' : 'Runs'} by day, stacked by ${by}; the table below has the sums`}
      mih={height}
    >
      {isTooLong && (
        <Text size="sm" c="dimmed" mb="xs" role="status">
          Too many {by}s to stack day by day: these are the sums of all.
        </Text>
      )}
      <BarChart
        h={height}
        data={stackDays(daysOf(month, last), groupsOf, series, measure)}
        dataKey="day"
        type="stacked"
        withLegend={series.length > 1}
        legendProps={{ verticalAlign: 'bottom', itemSorter: null }}
        series={series.map(({ id, name }, index) => ({
          name: id,
          label: name.length > 32 ? `${name.slice(0, 31)}…` : name,
          color: COLORS[index % COLORS.length]!,
        }))}
        valueFormatter={shown}
        yAxisProps={{ width: 72 }}
        tooltipAnimationDuration={0}
        barProps={{ isAnimationActive: false }}
        maxBarWidth={36}
      />
    </Box>
  );
}
