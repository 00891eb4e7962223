import '@mantine/dates/styles.css';
import { ActionIcon, Button, Group, Menu, SegmentedControl, Stack, Text } from '@mantine/core';
import { MonthPickerInput } from '@mantine/dates';
import { IconChevronLeft, IconChevronRight, IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { monthWindow, utcMonthOf } from '../look/dates.js';
import { countText, dollars } from '../look/dollars.js';
import { Fault, notifyFault } from '../look/fault.js';
import { PageHeader } from '../look/page-header.js';
import { Rows, Surface } from '../look/surface.js';
import { useAction } from '../server/use-action.js';
import { GroupTable } from './group-table.js';
import { LimitGauges } from './limit-gauges.js';
import { ProofCard } from './proof-card.js';
import type { Measure } from './stack.js';
import { daysQuery, downloadReport, groupsQuery, type ReportRows } from './usage.js';
import { USAGE_GROUPS, type UsageGroup } from './usage-search.js';

const UsageChart = lazy(() => import('./usage-chart.js'));
const route = getRouteApi('/w/$workspaceId/usage');
const GROUP_LABELS: Record<UsageGroup, string> = { workspace: 'Workspace', key: 'Key', workflow: 'Workflow' };
const CHART_HEIGHT = 300;

/** What the reader pays: this account's bill, of all workspaces. */
export default function UsagePage() {
  const thisMonth = utcMonthOf(Date.now());
  const { month = thisMonth, by = 'workspace' } = route.useSearch();
  const navigate = route.useNavigate();
  const [measure, setMeasure] = useState<Measure>('cost');
  const days = useQuery(daysQuery(month));
  const groups = useQuery(groupsQuery(month, by));
  const setMonth = (next: string) =>
    void navigate({ search: (old) => ({ ...old, month: next === thisMonth ? undefined : next }), replace: true });
  const error = days.error ?? groups.error;
  return (
    <>
      <PageHeader
        title="Usage and bills"
        about="What you pay: runs of your personal keys everywhere, and of the workspaces whose billed account you are. Months and days are UTC."
      >
        <MonthChoice month={month} thisMonth={thisMonth} onChange={setMonth} />
        <Download month={month} by={by} />
      </PageHeader>
      <Stack gap="lg">
        <LimitGauges />
        {error && !(days.data && groups.data) && (
          <Fault error={error} retry={() => void Promise.all([days.refetch(), groups.refetch()])} />
        )}
        <Surface>
          <Group justify="space-between" mb="md" gap="sm">
            <Group gap="xl">
              <Figure label={`Cost of ${monthName(month)}`} value={days.data ? dollars(days.data.total.cost) : '…'} />
              <Figure label="Runs" value={days.data ? countText(days.data.total.requests) : '…'} />
            </Group>
            <Group gap="sm">
              <SegmentedControl
                aria-label="Stacked by"
                data={USAGE_GROUPS.map((value) => ({ value, label: GROUP_LABELS[value] }))}
                value={by}
                onChange={(value) =>
                  void navigate({ search: (old) => ({ ...old, by: value as UsageGroup }), replace: true })
                }
              />
              <SegmentedControl
                aria-label="Measure"
                data={[
                  { value: 'cost', label: 'Cost' },
                  { value: 'requests', label: 'Runs' },
                ]}
                value={measure}
                onChange={(value) => setMeasure(value as Measure)}
              />
            </Group>
          </Group>
          {days.data && groups.data ? (
            <Suspense fallback={<Rows count={1} height={CHART_HEIGHT} />}>
              <UsageChart
                month={month}
                by={by}
                measure={measure}
                days={days.data.rows}
                rows={groups.data.rows}
                height={CHART_HEIGHT}
              />
            </Suspense>
          ) : (
            !error && <Rows count={1} height={CHART_HEIGHT} />
          )}
        </Surface>
        {groups.data && <GroupTable label={GROUP_LABELS[by]} report={groups.data} />}
        <ProofCard month={month} />
      </Stack>
    </>
  );
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text fz={26} fw={650} lh={1.2} className="numbers" data-figure={label.startsWith('Cost') ? 'cost' : 'runs'}>
        {value}
      </Text>
    </div>
  );
}

const monthName = (month: string) =>
  new Date(`${month}-01T00:00:00Z`).toLocaleDateString('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });

function MonthChoice({
  month,
  thisMonth,
  onChange,
}: {
  month: string;
  thisMonth: string;
  onChange: (month: string) => void;
}) {
  const before = utcMonthOf(Date.parse(`${month}-01T00:00:00Z`) - 1);
  const after = monthWindow(month).to.slice(0, 7);
  return (
    <Group gap={4} wrap="nowrap">
      <ActionIcon variant="default" size={36} aria-label="Month before" onClick={() => onChange(before)}>
        <IconChevronLeft size={18} aria-hidden />
      </ActionIcon>
      <MonthPickerInput
        aria-label={`Month: ${monthName(month)}`}
        id="month"
        popoverProps={{ id: 'month' }}
        ariaLabels={{ previousYear: 'Year before', nextYear: 'Year after' }}
        value={`${month}-01`}
        maxDate={`${thisMonth}-28`}
        onChange={(value) => value && onChange(value.slice(0, 7))}
        valueFormat="MMMM YYYY"
        w={148}
      />
      <ActionIcon
        variant="default"
        size={36}
        aria-label="Month after"
        disabled={month >= thisMonth}
        onClick={() => onChange(after)}
      >
        <IconChevronRight size={18} aria-hidden />
      </ActionIcon>
    </Group>
  );
}

function Download({ month, by }: { month: string; by: UsageGroup }) {
  const action = useAction({
    mutationFn: ({ rows, format }: { rows: ReportRows; format: 'json' | 'csv' }) => downloadReport(month, rows, format),
    onError: (error) => notifyFault(error, 'Nothing was downloaded'),
  });
  const kinds: { label: string; rows: ReportRows }[] = [
    { label: 'By day', rows: { groupBy: 'day' } },
    { label: `By ${by}`, rows: { groupBy: by } },
    { label: `By day and ${by}`, rows: { groupBy: 'day', splitBy: by } },
  ];
  const files = (['csv', 'json'] as const).flatMap((format) => kinds.map((kind) => ({ format, ...kind })));
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={18} aria-hidden />} loading={action.isPending}>
          Report
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {files.map(({ format, label, rows }) => (
          <Menu.Item key={`${label}-${format}`} onClick={() => action.run({ rows, format })}>
            {label}, {format.toUpperCase()}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
