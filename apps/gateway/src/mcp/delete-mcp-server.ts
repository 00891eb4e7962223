import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '@tollgate/api-key';
import type { NewEvent } from '@tollgate/contracts';
import { Clock, Commit } from '@tollgate/service-kit';
import { GatewayDatabase } from '../gateway-database.js';
import { lockMcpServer } from './mcp-server-row.js';

/** Deletes an MCP server; its workflows stay. When it resolves no gateway serves it. */
export class DeleteMcpServer {
  constructor(
    readonly userId: string,
    readonly serverId: string,
  ) {}
}

@CommandHandler(DeleteMcpServer)
export class DeleteMcpServerHandler implements ICommandHandler<DeleteMcpServer, void> {
  constructor(
    private readonly database: GatewayDatabase,
    private readonly commit: Commit,
    private readonly clock: Clock,
  ) {}

  async execute({ userId, serverId }: DeleteMcpServer): Promise<void> {
    const time = this.clock.nowIso();
    await this.commit.run(this.database, async (manager) => {
      const row = await lockMcpServer(manager, serverId);
      await manager.query(`DELETE FROM mcp_servers WHERE id = $1`, [serverId]);
      const event: NewEvent<'McpServerDeleted'> = {
        id: newId(),
        type: 'McpServerDeleted',
        source: '/tollgate/gateway',
        subject: serverId,
        time,
        data: { serverId, workspaceId: row.workspace_id, actor: { type: 'user', id: userId } },
      };
      return { events: [event], value: undefined };
    });
  }
}
