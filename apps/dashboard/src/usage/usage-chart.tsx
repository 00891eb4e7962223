import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { Center, Text } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { dayAfter, daysOf, utcDayOf } from '../look/dates.js';
import { countText, dollarsOf } from '../look/dollars.js';
import { type Measure, seriesOf, stackDays } from './stack.js';
import { dayGroupsQuery, type GroupRow, type Sums } from './usage.js';
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
  const busy = days.filter(({ requests }) => requests > 0).map(({ day }) => day);
  const answers = useQueries({ queries: busy.map((day) => dayGroupsQuery(day, dayAfter(day), by, day < today)) });
  const groupsOf = new Map(busy.map((day, index) => [day, answers[index]?.data ?? []]));
  if (busy.length === 0) {
    return (
      <Center h={height}>
        <Text c="dimmed" size="sm">
          Nothing was run on your bill in this month.
        </Text>
      </Center>
    );
  }
  const series = seriesOf(rows);
  const shown = (value: number) => (measure === 'cost' ? dollarsOf(value) : countText(value));
  const last = today.startsWith(month) ? today : '9999-12-31';
  return (
    <div
      role="img"
      aria-label={`${measure === 'cost' ? 'Cost' : 'Runs'} by day, stacked by ${by}; the table below has the sums`}
      style={{ minHeight: height }}
    >
      <BarChart
        h={height}
        data={stackDays(daysOf(month, last), groupsOf, series, measure)}
        dataKey="day"
        type="stacked"
        withLegend={series.length > 1}
        legendProps={{ verticalAlign: 'bottom' }}
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
    </div>
  );
}
