import { Badge, Button, Group, Stack, Switch, Text } from '@mantine/core';
import { IconList } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { countText } from '../look/dollars.js';
import { Empty } from '../look/empty.js';
import { Fault } from '../look/fault.js';
import { ButtonLink } from '../look/links.js';
import { PageHeader } from '../look/page-header.js';
import { Rows, Surface } from '../look/surface.js';
import { useWorkspace } from '../workspaces/use-workspace.js';
import { LogFilterBar } from './log-filter-bar.js';
import { countFilters, filtersOf, type LogSearch } from './log-search.js';
import { LogTable } from './log-table.js';
import { RunDrawer } from './run-drawer.js';
import { logsQuery } from './run-log.js';
import { useLiveTail } from './use-live-tail.js';

const route = getRouteApi('/w/$workspaceId/logs');

export default function LogsPage() {
  const workspace = useWorkspace();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { run } = search;
  const filters = useMemo(() => filtersOf(search), [search]);
  const [wantsLive, setWantsLive] = useState(true);
  const canFollow = search.order !== 'asc' && search.endDate === undefined;
  const list = useInfiniteQuery(logsQuery(workspace.id, filters));
  const tail = useLiveTail(workspace.id, filters, wantsLive && canFollow && list.isSuccess);
  const change = (changes: Partial<LogSearch>) =>
    void navigate({ search: (old) => ({ ...old, ...changes }), replace: true });
  const open = (id: string | undefined) =>
    void navigate({ search: (old) => ({ ...old, run: id }), replace: id === undefined });
  const runs = list.data?.pages.flatMap(({ data }) => data);
  const filterCount = countFilters(search);
  return (
    <>
      <PageHeader title="Logs" about="Every run of this workspace, with what went in, what came out and what it cost.">
        <Switch
          label="Live"
          checked={wantsLive && canFollow}
          disabled={!canFollow}
          onChange={(event) => setWantsLive(event.currentTarget.checked)}
          description={canFollow ? undefined : 'newest first, without an end'}
        />
      </PageHeader>
      <LogFilterBar
        workspaceId={workspace.id}
        search={search}
        onChange={change}
        onClear={() => void navigate({ search: {}, replace: true })}
      />
      {list.error && <Fault error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Rows count={8} height={44} />}
      {runs?.length === 0 && (
        <Surface>
          <Empty
            icon={IconList}
            title={filterCount > 0 ? 'No run passes these filters' : 'No runs yet'}
            text={
              filterCount > 0
                ? 'Take a filter away, or widen its range.'
                : 'Run a deployed workflow with a key: the run is here within two seconds.'
            }
          >
            {filterCount > 0 ? (
              <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
                Clear filters
              </Button>
            ) : (
              <ButtonLink to="/w/$workspaceId/workflows" params={{ workspaceId: workspace.id }}>
                To the workflows
              </ButtonLink>
            )}
          </Empty>
        </Surface>
      )}
      {runs && runs.length > 0 && (
        <Surface p={0}>
          <LogTable runs={runs} onOpen={open} />
          <Stack p="md" gap="sm">
            <Group justify="space-between">
              <Text size="sm" c="dimmed">
                {countText(runs.length)} shown{list.hasNextPage ? ', there are more' : ''}
                {tail.isError && wantsLive && (
                  <Badge color="orange" variant="light" ml="xs">
                    live tail waits for the server
                  </Badge>
                )}
              </Text>
              {list.hasNextPage && (
                <Button variant="default" onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
                  Show older
                </Button>
              )}
            </Group>
          </Stack>
        </Surface>
      )}
      <RunDrawer id={run} onClose={() => open(undefined)} />
    </>
  );
}
