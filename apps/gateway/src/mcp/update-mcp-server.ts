import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '@tollgate/api-key';
import type { NewEvent, UpdateMcpServerBody } from '@tollgate/contracts';
import { Clock, Commit } from '@tollgate/service-kit';
import { GatewayDatabase } from '../gateway-database.js';
import { lockMcpServer, type McpServerRow, offeredBy, offerWorkflows } from './mcp-server-row.js';

/** Changes an MCP server. When it resolves no gateway offers what was taken away: a tool, or the door without a key. */
export class UpdateMcpServer {
  constructor(
    readonly userId: string,
    readonly serverId: string,
    readonly body: UpdateMcpServerBody,
  ) {}
}

@CommandHandler(UpdateMcpServer)
export class UpdateMcpServerHandler implements ICommandHandler<UpdateMcpServer, McpServerRow> {
  constructor(
    private readonly database: GatewayDatabase,
    private readonly commit: Commit,
    private readonly clock: Clock,
  ) {}

  async execute({ userId, serverId, body }: UpdateMcpServer): Promise<McpServerRow> {
    const now = this.clock.now();
    const committed = await this.commit.run(this.database, async (manager) => {
      const before = await lockMcpServer(manager, serverId);
      const row: McpServerRow = {
        ...before,
        name: body.name ?? before.name,
        description: body.description === undefined ? before.description : body.description,
        is_public: body.isPublic ?? before.is_public,
        workflow_ids: body.workflowIds ?? before.workflow_ids,
        updated_at: now,
      };
      await manager.query(
        `UPDATE mcp_servers SET name = $2, description = $3, is_public = $4, updated_at = $5 WHERE id = $1`,
        [serverId, row.name, row.description, row.is_public, now],
      );
      if (body.workflowIds) {
        await offerWorkflows(manager, { serverId, workspaceId: row.workspace_id, workflowIds: body.workflowIds });
      }
      const event: NewEvent<'McpServerUpdated'> = {
        id: newId(),
        type: 'McpServerUpdated',
        source: '/tollgate/gateway',
        subject: serverId,
        time: now.toISOString(),
        data: { ...offeredBy(row), actor: { type: 'user', id: userId } },
      };
      return { events: [event], value: row };
    });
    return committed.value;
  }
}
