import { Injectable } from '@nestjs/common';
import { instantOf, mintBoundCursor, readBoundCursor } from '@tollgate/service-kit';
import { GatewayDatabase } from '../gateway-database.js';
import { MCP_SERVER_COLUMNS, type McpServerRow } from './mcp-server-row.js';

export interface DiscoveredRow {
  id: string;
  workspace_id: string;
  name: string;
  description: string | null;
  created_at: Date;
  tool_count: number;
}

interface Page {
  limit: number;
  cursor?: string | undefined;
}

/** The read model of MCP servers: for those who manage them, and for discovery. Serving asks the directory alone. */
@Injectable()
export class McpServerShelf {
  constructor(private readonly database: GatewayDatabase) {}

  async find(serverId: string): Promise<McpServerRow | undefined> {
    const { rows } = await this.database.pool.query<McpServerRow>(
      `SELECT ${MCP_SERVER_COLUMNS} FROM mcp_servers s WHERE s.id = $1`,
      [serverId],
    );
    return rows[0];
  }

  /** One page in order of creation; `nextCursor` null: it was the last. */
  async list(workspaceId: string, page: Page): Promise<{ rows: McpServerRow[]; nextCursor: string | null }> {
    return this.pageOf<McpServerRow>(MCP_SERVER_COLUMNS, [workspaceId], page, `of ${workspaceId}`);
  }

  /** Likewise, of all given workspaces, with the number of tools that each serves now. */
  async discover(workspaceIds: string[], page: Page): Promise<{ rows: DiscoveredRow[]; nextCursor: string | null }> {
    const columns = `s.*, (
      SELECT count(*)::int FROM mcp_server_workflows o JOIN workflows w ON w.id = o.workflow_id
      WHERE o.server_id = s.id AND w.deployment_id IS NOT NULL) AS tool_count`;
    return this.pageOf<DiscoveredRow>(columns, workspaceIds, page, 'discovered');
  }

  private async pageOf<R extends { id: string; created_at: Date }>(
    columns: string,
    workspaceIds: string[],
    { limit, cursor }: Page,
    list: string,
  ): Promise<{ rows: R[]; nextCursor: string | null }> {
    const [afterAt, afterId] =
      cursor === undefined ? ['-infinity', ''] : placeOf(readBoundCursor('mcp-servers', cursor, { list }, 2));
    const { rows } = await this.database.pool.query<R>(
      `SELECT ${columns} FROM mcp_servers s WHERE s.workspace_id = ANY ($1) AND (s.created_at, s.id) > ($2::timestamptz, $3)
       ORDER BY s.created_at, s.id LIMIT $4`,
      [workspaceIds, afterAt, afterId, limit + 1],
    );
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    if (rows.length <= limit || !last) return { rows: shown, nextCursor: null };
    return {
      rows: shown,
      nextCursor: mintBoundCursor('mcp-servers', [last.created_at.toISOString(), last.id], { list }),
    };
  }
}

function placeOf([at = '', id = '']: string[]): [string, string] {
  return [instantOf(at), id];
}
