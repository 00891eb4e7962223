import { Button, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconListCheck } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { durationText, utcMonthOf } from '../look/dates.js';
import { countText, dollars, dollarsOf } from '../look/dollars.js';
import { Fault } from '../look/fault.js';
import { AnchorLink, ButtonLink } from '../look/links.js';
import { Moment } from '../look/moment.js';
import { PageHeader } from '../look/page-header.js';
import { Rows, Surface } from '../look/surface.js';
import { latestRunsQuery } from '../logs/run-log.js';
import { daysQuery } from '../usage/usage.js';
import { LimitGauges } from '../usage/limit-gauges.js';
import { workflowsQuery } from '../workflows/workflows.js';
import { useWorkspace } from '../workspaces/use-workspace.js';
import { isAdmin, type Workspace } from '../workspaces/workspaces.js';
import { FirstMinute } from './first-minute.js';

export default function HomePage() {
  const workspace = useWorkspace();
  const runs = useQuery(latestRunsQuery(workspace.id, false));
  const workflows = useInfiniteQuery(workflowsQuery(workspace.id));
  // What stands at the top depends on both: until they are known nothing is drawn that would have to move.
  const isKnown = !isAdmin(workspace) || ((runs.data ?? runs.error) && (workflows.data ?? workflows.error));
  return (
    <>
      <PageHeader title={workspace.name} about="What happens here, at a glance." />
      {isKnown ? <Glance key={workspace.id} workspace={workspace} /> : <Rows count={3} height={112} />}
    </>
  );
}

function Glance({ workspace }: { workspace: Workspace }) {
  return (
    <>
      <Stack gap="lg">
        <FirstSteps workspace={workspace} />
        <LimitGauges />
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
          <LatestRuns workspaceId={workspace.id} />
          <ThisMonth workspaceId={workspace.id} />
        </SimpleGrid>
      </Stack>
    </>
  );
}

/** The walk through the first minute, as long as nothing has run here; later it can be opened again. */
function FirstSteps({ workspace }: { workspace: Workspace }) {
  const runs = useQuery(latestRunsQuery(workspace.id, false));
  const workflows = useInfiniteQuery(workflowsQuery(workspace.id));
  const [isWanted, setWanted] = useState<boolean>();
  if (!isAdmin(workspace) || !runs.data || !workflows.data) return null;
  const isOpen = isWanted ?? runs.data.length === 0;
  if (isOpen) {
    // Once open it stays until it is closed: the run that it waits for must not close it.
    if (isWanted === undefined) setWanted(true);
    return (
      <FirstMinute
        workspace={workspace}
        workflows={workflows.data.pages.flatMap((page) => page.workflows)}
        onClose={() => setWanted(false)}
      />
    );
  }
  return (
    <Button
      variant="default"
      size="xs"
      w="fit-content"
      leftSection={<IconListCheck size={16} aria-hidden />}
      onClick={() => setWanted(true)}
    >
      Show the first steps
    </Button>
  );
}

function LatestRuns({ workspaceId }: { workspaceId: string }) {
  const { data: runs, error, refetch } = useQuery(latestRunsQuery(workspaceId, 5_000));
  const params = { workspaceId };
  return (
    <Surface>
      <Title order={2} mb="sm">
        Latest runs
      </Title>
      {!runs && (error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={3} height={32} />)}
      {runs?.length === 0 && (
        <Text size="sm" c="dimmed">
          Nothing has run yet. Run a deployed workflow with a key.
        </Text>
      )}
      <Stack gap={6}>
        {runs?.map((run) => (
          <div key={run.id} className="run-line">
            <AnchorLink to="/w/$workspaceId/logs" params={params} search={{ run: run.id }} size="sm" className="long">
              {run.workflow?.name ?? run.workflowId}
            </AnchorLink>
            <Text size="sm" c={run.level === 'error' ? 'var(--mantine-color-error)' : 'dimmed'}>
              {run.level === 'error' ? 'failed' : durationText(run.totalDurationMs)}
            </Text>
            <Text size="sm" className="numbers">
              {run.cost ? dollarsOf(run.cost.total) : '—'}
            </Text>
            <Text size="sm" c="dimmed" ta="right">
              <Moment at={run.startedAt} relative />
            </Text>
          </div>
        ))}
      </Stack>
      <ButtonLink to="/w/$workspaceId/logs" params={params} variant="default" size="xs" mt="md">
        All logs
      </ButtonLink>
    </Surface>
  );
}

function ThisMonth({ workspaceId }: { workspaceId: string }) {
  const { data, error, refetch } = useQuery(daysQuery(utcMonthOf(Date.now())));
  return (
    <Surface>
      <Title order={2} mb="sm">
        Your bill this month
      </Title>
      {!data && (error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={1} height={64} />)}
      {data && (
        <>
          <Text fz={30} fw={650} className="numbers">
            {dollars(data.total.cost)}
          </Text>
          <Text size="sm" c="dimmed">
            {countText(data.total.requests)} {data.total.requests === 1 ? 'run' : 'runs'}, in all workspaces that you
            pay for
          </Text>
        </>
      )}
      <ButtonLink to="/w/$workspaceId/usage" params={{ workspaceId }} variant="default" size="xs" mt="md">
        Usage and bills
      </ButtonLink>
    </Surface>
  );
}
