import { Group, Loader, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import { durationText, utcMonthOf } from '../look/dates.js';
import { dollars, dollarsOf } from '../look/dollars.js';
import { Fault } from '../look/fault.js';
import { AnchorLink } from '../look/links.js';
import { latestRunsQuery } from '../logs/run-log.js';
import { daysQuery } from '../usage/usage.js';

const LOOK_EVERY_MS = 1_500;

export interface ArrivalProps {
  workspaceId: string;
  /** Only runs from here on count. */
  since: string;
  onArrived: () => void;
}

/** Waits for the first run since the card was opened: in the log, then in the usage. */
export function Arrival({ workspaceId, since, onArrived }: ArrivalProps) {
  const { data: runs, error } = useQuery(latestRunsQuery(workspaceId, LOOK_EVERY_MS));
  const run = runs?.find(({ startedAt }) => startedAt >= since);
  const hasArrived = run !== undefined;
  useEffect(() => {
    if (hasArrived) onArrived();
  }, [hasArrived, onArrived]);
  const usage = useQuery({ ...daysQuery(utcMonthOf(Date.now())), refetchInterval: LOOK_EVERY_MS });
  if (error && !runs) return <Fault error={error} />;
  if (!run) {
    return (
      <Group gap="xs" role="status">
        <Loader size="xs" aria-hidden />
        <Text size="sm" c="dimmed">
          Waiting for your run. It is here within two seconds of its answer.
        </Text>
      </Group>
    );
  }
  return (
    <Stack gap={6} role="status" data-arrived={run.executionId}>
      <Arrived>
        In the log: <b>{run.workflow?.name ?? run.workflowId}</b>, {run.level === 'error' ? 'failed' : 'completed'} in{' '}
        {durationText(run.totalDurationMs)}, cost <b>{run.cost ? dollarsOf(run.cost.total) : 'nothing'}</b>.{' '}
        <AnchorLink
          underline="always"
          to="/w/$workspaceId/logs"
          params={{ workspaceId }}
          search={{ run: run.id }}
          inherit
        >
          Open it
        </AnchorLink>
      </Arrived>
      {usage.data && usage.data.total.requests > 0 && (
        <Arrived>
          On your bill of this month: <b>{dollars(usage.data.total.cost)}</b> for {usage.data.total.requests}{' '}
          {usage.data.total.requests === 1 ? 'run' : 'runs'}.{' '}
          <AnchorLink underline="always" to="/w/$workspaceId/usage" params={{ workspaceId }} inherit>
            Usage and bills
          </AnchorLink>
        </Arrived>
      )}
    </Stack>
  );
}

function Arrived({ children }: { children: ReactNode }) {
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <ThemeIcon size={20} radius="xl" color="teal" variant="light" aria-hidden>
        <IconCheck size={14} />
      </ThemeIcon>
      <Text size="sm">{children}</Text>
    </Group>
  );
}
