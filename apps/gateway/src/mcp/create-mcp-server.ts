import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '@tollgate/api-key';
import { type CreateMcpServerBody, MCP_SERVERS_PER_WORKSPACE_MAX, type NewEvent, Problem } from '@tollgate/contracts';
import { Clock, Commit } from '@tollgate/service-kit';
import { GatewayDatabase } from '../gateway-database.js';
import { type McpServerRow, offeredBy, offerWorkflows } from './mcp-server-row.js';

/** Makes an MCP server of a workspace's workflows. Who may is the door's question. */
export class CreateMcpServer {
  constructor(
    readonly userId: string,
    readonly body: CreateMcpServerBody,
  ) {}
}

@CommandHandler(CreateMcpServer)
export class CreateMcpServerHandler implements ICommandHandler<CreateMcpServer, McpServerRow> {
  constructor(
    private readonly database: GatewayDatabase,
    private readonly commit: Commit,
    private readonly clock: Clock,
  ) {}

  async execute({ userId, body }: CreateMcpServer): Promise<McpServerRow> {
    const id = newId();
    const now = this.clock.now();
    const { workspaceId, workflowIds } = body;
    const { value } = await this.commit.run(this.database, async (manager) => {
      // Those who create in the same workspace at the same time are counted one after the other.
      await manager.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [`mcp-servers ${workspaceId}`]);
      const [{ count }] = (await manager.query(
        `SELECT count(*)::int AS count FROM mcp_servers WHERE workspace_id = $1`,
        [workspaceId],
      )) as [{ count: number }];
      if (count >= MCP_SERVERS_PER_WORKSPACE_MAX) {
        throw new Problem('conflict', { text: `At most ${MCP_SERVERS_PER_WORKSPACE_MAX} MCP servers per workspace` });
      }
      const rows: Omit<McpServerRow, 'workflow_ids'>[] = await manager.query(
        `INSERT INTO mcp_servers (id, workspace_id, name, description, is_public, created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING *`,
        [id, workspaceId, body.name, body.description ?? null, body.isPublic, userId, now],
      );
      await offerWorkflows(manager, { serverId: id, workspaceId, workflowIds });
      const row = { ...rows[0], workflow_ids: workflowIds } as McpServerRow;
      const event: NewEvent<'McpServerCreated'> = {
        id: newId(),
        type: 'McpServerCreated',
        source: '/tollgate/gateway',
        subject: id,
        time: now.toISOString(),
        data: { ...offeredBy(row), creatorId: userId, actor: { type: 'user', id: userId } },
      };
      return { events: [event], value: row };
    });
    return value;
  }
}
