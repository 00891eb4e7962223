import { Button, Group, Stack, Switch, Text, Title } from '@mantine/core';
import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Fault, notifyFault } from '../look/fault.js';
import { AnchorLink } from '../look/links.js';
import { Rows, Surface } from '../look/surface.js';
import { useAction } from '../server/use-action.js';
import type { Workflow } from '../workflows/workflows.js';
import { isAdmin, type Workspace } from '../workspaces/workspaces.js';
import { ClientConfiguration } from './client-configuration.js';
import {
  createMcpServer,
  type McpServer,
  mcpServersKey,
  mcpServersQuery,
  refreshMcpServers,
  updateMcpServer,
} from './mcp-servers.js';

/** Whether this workflow is a tool, and of which servers. */
export function WorkflowTools({ workflow, workspace }: { workflow: Workflow; workspace: Workspace }) {
  return (
    <Surface>
      <Title order={2} mb={4}>
        As a tool of an AI client (MCP)
      </Title>
      <Text size="sm" c="dimmed" mb="md">
        {workflow.isDeployed
          ? 'Its name, description and input schema tell the client what it is for.'
          : 'It is offered from its first deploy on.'}
      </Text>
      {isAdmin(workspace) ? (
        <Offers workflow={workflow} workspace={workspace} />
      ) : (
        <Text size="sm">An admin of the workspace chooses which workflows are tools.</Text>
      )}
    </Surface>
  );
}

function Offers({ workflow, workspace }: { workflow: Workflow; workspace: Workspace }) {
  const { data, error, refetch } = useInfiniteQuery(mcpServersQuery(workspace.id));
  const make = useAction({
    mutationFn: () =>
      createMcpServer({ workspaceId: workspace.id, name: workspace.name, isPublic: false, workflowIds: [workflow.id] }),
    onSettled: () => refreshMcpServers(workspace.id),
  });
  const servers = data?.pages.flatMap((page) => page.servers);
  if (!servers) return error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={2} height={40} />;
  if (servers.length === 0) {
    return (
      <Stack gap="sm">
        <Fault error={make.error} />
        <Button w="fit-content" loading={make.isPending} onClick={() => make.run()}>
          Offer it on a new MCP server
        </Button>
      </Stack>
    );
  }
  return (
    <Stack>
      {servers.map((server) => (
        <Offer key={server.id} server={server} workflowId={workflow.id} />
      ))}
      <AnchorLink to="/w/$workspaceId/mcp" params={{ workspaceId: workspace.id }} size="sm">
        All MCP servers
      </AnchorLink>
    </Stack>
  );
}

type Servers = InfiniteData<{ servers: McpServer[] }>;

function Offer({ server, workflowId }: { server: McpServer; workflowId: string }) {
  const client = useQueryClient();
  const isOffered = server.workflowIds.includes(workflowId);
  const queryKey = mcpServersKey(server.workspaceId);
  const action = useAction({
    mutationFn: (workflowIds: string[]) => updateMcpServer(server.id, { workflowIds }),
    onMutate: async (workflowIds) => {
      await client.cancelQueries({ queryKey });
      const before = client.getQueryData<Servers>(queryKey);
      client.setQueryData<Servers>(queryKey, (all) => all && withTools(all, server.id, workflowIds));
      return before;
    },
    onError: (error, _wished, before) => {
      client.setQueryData(queryKey, before);
      notifyFault(error, 'The switch went back');
    },
    onSettled: () => client.invalidateQueries({ queryKey }),
  });
  const others = server.workflowIds.filter((id) => id !== workflowId);
  return (
    <Stack gap="sm" data-offered-by={server.name}>
      <Group justify="space-between" wrap="nowrap">
        <Switch
          label={server.name}
          description={server.isPublic ? 'public' : 'needs a key'}
          checked={isOffered}
          disabled={action.isPending}
          onChange={() => action.run(isOffered ? others : [...others, workflowId])}
          styles={{ label: { overflowWrap: 'anywhere' } }}
        />
      </Group>
      {isOffered && <ClientConfiguration server={server} />}
    </Stack>
  );
}

const withTools = (all: Servers, id: string, workflowIds: string[]): Servers => ({
  ...all,
  pages: all.pages.map((page) => ({
    ...page,
    servers: page.servers.map((server) => (server.id === id ? { ...server, workflowIds } : server)),
  })),
});
