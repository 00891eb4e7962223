import { infiniteQueryOptions } from '@tanstack/react-query';
import type { CreateMcpServerBody, McpServer, UpdateMcpServerBody } from '@tollgate/contracts';
import { ask, withQuery } from '../server/ask.js';
import { queryClient } from '../server/query-client.js';

export type { CreateMcpServerBody, McpServer, UpdateMcpServerBody };

const PATH = '/api/mcp/workflow-servers';

export const mcpServersKey = (workspaceId: string) => ['mcp-servers', workspaceId];

/** The MCP servers of a workspace, page by page; for its admins. */
export const mcpServersQuery = (workspaceId: string) =>
  infiniteQueryOptions({
    queryKey: mcpServersKey(workspaceId),
    queryFn: ({ signal, pageParam }) =>
      ask<{ servers: McpServer[]; nextCursor: string | null }>(withQuery(PATH, { workspaceId, cursor: pageParam }), {
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });

export const createMcpServer = async (body: CreateMcpServerBody) =>
  (await ask<{ server: McpServer }>(PATH, { method: 'POST', body })).server;

export const updateMcpServer = async (id: string, body: UpdateMcpServerBody) =>
  (await ask<{ server: McpServer }>(`${PATH}/${id}`, { method: 'PATCH', body })).server;

export const deleteMcpServer = (id: string) => ask(`${PATH}/${id}`, { method: 'DELETE' });

export const refreshMcpServers = (workspaceId: string) =>
  queryClient.invalidateQueries({ queryKey: mcpServersKey(workspaceId) });

/** The settings of an MCP client, as its file has them. */
export const configurationText = ({ clientConfiguration }: McpServer) => JSON.stringify(clientConfiguration, null, 2);
