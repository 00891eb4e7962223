import { Button, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconLock, IconPlugConnected, IconPlus } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Confirm } from '../look/confirm.js';
import { Empty } from '../look/empty.js';
import { Fault, notifyDone } from '../look/fault.js';
import { PageHeader } from '../look/page-header.js';
import { Rows, Surface } from '../look/surface.js';
import { useAction } from '../server/use-action.js';
import { useWorkspace } from '../workspaces/use-workspace.js';
import { isAdmin, type Workspace } from '../workspaces/workspaces.js';
import { deleteMcpServer, type McpServer, mcpServersQuery, refreshMcpServers } from './mcp-servers.js';
import { ServerCard } from './server-card.js';
import { ServerDialog } from './server-dialog.js';

/** Workflows as tools of AI clients. */
export default function McpPage() {
  const workspace = useWorkspace();
  const [editing, setEditing] = useState<McpServer | 'new'>();
  const mayChange = isAdmin(workspace);
  const create = (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setEditing('new')}>
      New server
    </Button>
  );
  return (
    <>
      <PageHeader
        title="MCP servers"
        about="Deployed workflows as tools of an AI client: each server is one address that offers some of them."
      >
        {mayChange && create}
      </PageHeader>
      {mayChange ? (
        <Servers workspace={workspace} onEdit={setEditing}>
          {create}
        </Servers>
      ) : (
        <Surface>
          <Empty
            icon={IconLock}
            title="Admins look after these"
            text="With a key you can use them all the same: GET /api/mcp/discover tells which."
          />
        </Surface>
      )}
      <ServerDialog workspaceId={workspace.id} target={editing} onClose={() => setEditing(undefined)} />
    </>
  );
}

interface ServersProps {
  workspace: Workspace;
  onEdit: (server: McpServer) => void;
  children: React.ReactNode;
}

function Servers({ workspace, onEdit, children }: ServersProps) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    mcpServersQuery(workspace.id),
  );
  const [deleting, setDeleting] = useState<McpServer>();
  const servers = data?.pages.flatMap((page) => page.servers);
  if (!servers) return error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={2} height={220} />;
  return (
    <Stack>
      {servers.length === 0 && (
        <Surface>
          <Empty
            icon={IconPlugConnected}
            title="No MCP servers yet"
            text="Make one, choose its workflows, and copy its configuration into your client."
          >
            {children}
          </Empty>
        </Surface>
      )}
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        {servers.map((server) => (
          <ServerCard
            key={server.id}
            server={server}
            onEdit={() => onEdit(server)}
            onDelete={() => setDeleting(server)}
          />
        ))}
      </SimpleGrid>
      {hasNextPage && (
        <Button variant="default" onClick={() => void fetchNextPage()} loading={isFetchingNextPage} mx="auto">
          Show more
        </Button>
      )}
      <DeleteDialog workspaceId={workspace.id} server={deleting} onClose={() => setDeleting(undefined)} />
    </Stack>
  );
}

interface DeleteDialogProps {
  workspaceId: string;
  server: McpServer | undefined;
  onClose: () => void;
}

function DeleteDialog({ workspaceId, server, onClose }: DeleteDialogProps) {
  const action = useAction({
    mutationFn: () => deleteMcpServer(server?.id ?? ''),
    onSuccess: () => {
      notifyDone(`“${server?.name}” is closed.`);
      onClose();
    },
    onSettled: () => refreshMcpServers(workspaceId),
  });
  return (
    <Confirm
      opened={server !== undefined}
      title="Delete this MCP server?"
      action="Delete server"
      isBusy={action.isPending}
      error={action.error}
      onConfirm={() => action.run()}
      onClose={() => {
        action.reset();
        onClose();
      }}
    >
      <Text size="sm" className="wrap-anywhere">
        Clients that are set up with “{server?.name}” lose its tools at once. The workflows stay.
      </Text>
    </Confirm>
  );
}
