import { type EventData, type McpServer, Problem } from '@tollgate/contracts';
import type { EntityManager } from 'typeorm';
import { toolNameOf } from './tool-names.js';

/** A row of `mcp_servers` as pg gives it, with the workflows it offers in order. */
export interface McpServerRow {
  id: string;
  workspace_id: string;
  name: string;
  description: string | null;
  is_public: boolean;
  created_by: string;
  created_at: Date;
  updated_at: Date;
  workflow_ids: string[];
}

/** The columns of a server with its workflows, for `FROM mcp_servers s`. */
export const MCP_SERVER_COLUMNS = `s.*, ARRAY(
  SELECT o.workflow_id FROM mcp_server_workflows o WHERE o.server_id = s.id ORDER BY o.place) AS workflow_ids`;

export function mcpServerNotFound(): Problem {
  return new Problem('notFound', { text: 'Server not found' });
}

/** The row, locked until the transaction ends, so that the server's events keep their order. */
export async function lockMcpServer(manager: EntityManager, serverId: string): Promise<McpServerRow> {
  const rows: McpServerRow[] = await manager.query(
    `SELECT ${MCP_SERVER_COLUMNS} FROM mcp_servers s WHERE s.id = $1 FOR UPDATE OF s`,
    [serverId],
  );
  const [row] = rows;
  if (!row) throw mcpServerNotFound();
  return row;
}

/**
 * Makes these the workflows of the server, in this order. Throws a 400 that names the first that is not a workflow of
 * the workspace, so that a server never reaches into another one.
 */
export async function offerWorkflows(
  manager: EntityManager,
  of: { serverId: string; workspaceId: string; workflowIds: readonly string[] },
): Promise<void> {
  const known: { id: string }[] = await manager.query(
    `SELECT id FROM workflows WHERE workspace_id = $1 AND id = ANY ($2) FOR KEY SHARE`,
    [of.workspaceId, of.workflowIds],
  );
  const ids = new Set(known.map(({ id }) => id));
  const place = of.workflowIds.findIndex((id) => !ids.has(id));
  if (place >= 0) {
    throw new Problem('badRequest', {
      details: [{ path: ['workflowIds', place], message: 'There is no such workflow in this workspace' }],
    });
  }
  await manager.query(`DELETE FROM mcp_server_workflows WHERE server_id = $1`, [of.serverId]);
  await manager.query(
    `INSERT INTO mcp_server_workflows (server_id, workflow_id, place)
     SELECT $1, id, place FROM unnest($2::text[]) WITH ORDINALITY AS offered (id, place)`,
    [of.serverId, of.workflowIds],
  );
}

/** What every event of a server says of it. */
export function offeredBy(row: McpServerRow): Omit<EventData<'McpServerUpdated'>, 'actor'> {
  return {
    serverId: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    description: row.description,
    isPublic: row.is_public,
    workflowIds: row.workflow_ids,
  };
}

/** The server as the wire shows it (contract A3). */
export function shownMcpServer(row: McpServerRow, publicUrl: string): McpServer {
  const url = mcpServerUrl(publicUrl, row.id);
  const client = row.is_public ? { url } : { url, headers: { 'X-API-Key': 'YOUR_API_KEY' } };
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    description: row.description,
    isPublic: row.is_public,
    workflowIds: row.workflow_ids,
    url,
    clientConfiguration: { mcpServers: { [toolNameOf(row.name, 'tollgate')]: client } },
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

export function mcpServerUrl(publicUrl: string, serverId: string): string {
  return `${publicUrl}/api/mcp/serve/${serverId}`;
}
