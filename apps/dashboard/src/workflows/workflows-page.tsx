import { Button, Group, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconPlus, IconRoute, IconSearch } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Empty } from '../look/empty.js';
import { Fault } from '../look/fault.js';
import { AnchorLink, ButtonLink } from '../look/links.js';
import { Moment } from '../look/moment.js';
import { PageHeader } from '../look/page-header.js';
import { Rows, Surface } from '../look/surface.js';
import { useWorkspace } from '../workspaces/use-workspace.js';
import { canWrite } from '../workspaces/workspaces.js';
import { DeploymentBadge } from './deployment-badge.js';
import { type Workflow, workflowsQuery } from './workflows.js';

export default function WorkflowsPage() {
  const workspace = useWorkspace();
  const params = { workspaceId: workspace.id };
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    workflowsQuery(workspace.id),
  );
  const [text, setText] = useState('');
  const all = data?.pages.flatMap(({ workflows }) => workflows);
  const wanted = text.trim().toLowerCase();
  const found = all?.filter(({ name, description }) => `${name} ${description ?? ''}`.toLowerCase().includes(wanted));
  const create = canWrite(workspace) && (
    <ButtonLink to="/w/$workspaceId/workflows/new" params={params} leftSection={<IconPlus size={18} aria-hidden />}>
      New workflow
    </ButtonLink>
  );
  return (
    <>
      <PageHeader
        title="Workflows"
        about="What a key can run: an expression over the input, or a call of your own server."
      >
        {create}
      </PageHeader>
      {!all && (error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={4} height={92} />)}
      {all?.length === 0 && (
        <Surface>
          <Empty
            icon={IconRoute}
            title="No workflows yet"
            text={
              create
                ? 'Make one, try it out as you type, and deploy it: then keys can run it.'
                : 'Members with the role write can make one.'
            }
          >
            {create}
          </Empty>
        </Surface>
      )}
      {all && found && all.length > 0 && (
        <Stack>
          {all.length > 6 && (
            <TextInput
              placeholder="Search by name or description"
              aria-label="Search workflows"
              leftSection={<IconSearch size={16} aria-hidden />}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
          )}
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
            {found.map((workflow) => (
              <WorkflowCard key={workflow.id} workflow={workflow} />
            ))}
          </SimpleGrid>
          {found.length === 0 && (
            <Text c="dimmed" size="sm">
              No workflow holds “{text}”.
            </Text>
          )}
          {hasNextPage && (
            <Button variant="default" onClick={() => void fetchNextPage()} loading={isFetchingNextPage} mx="auto">
              Show more
            </Button>
          )}
        </Stack>
      )}
    </>
  );
}

function WorkflowCard({ workflow }: { workflow: Workflow }) {
  return (
    <Surface p="md">
      <Group justify="space-between" wrap="nowrap" gap="sm" mb={4}>
        <Title order={2} fz="md" className="long">
          <AnchorLink
            to="/w/$workspaceId/workflows/$workflowId"
            params={{ workspaceId: workflow.workspaceId, workflowId: workflow.id }}
            title={workflow.name}
            inherit
          >
            {workflow.name}
          </AnchorLink>
        </Title>
        <DeploymentBadge workflow={workflow} />
      </Group>
      {workflow.description ? (
        <Text size="sm" c="dimmed" lineClamp={2} className="wrap-anywhere">
          {workflow.description}
        </Text>
      ) : (
        <Text size="xs" lh="1.4rem" c="dimmed" ff="monospace" lineClamp={2} className="wrap-anywhere">
          {workflow.runner.kind === 'http' ? workflow.runner.url : workflow.runner.expression}
        </Text>
      )}
      <Text size="xs" c="dimmed" mt="xs">
        {workflow.runner.kind === 'http' ? 'HTTP upstream' : 'Expression'} · changed{' '}
        <Moment at={workflow.updatedAt} relative />
      </Text>
    </Surface>
  );
}
