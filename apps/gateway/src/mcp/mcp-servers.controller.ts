import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { CurrentUser, Directory, SessionRoute, type SignedIn } from '@tollgate/access';
import {
  createMcpServerBodySchema,
  type CreateMcpServerBody,
  listMcpServersQuerySchema,
  type McpServer,
  Problem,
  updateMcpServerBodySchema,
  type UpdateMcpServerBody,
} from '@tollgate/contracts';
import { Checked, Config } from '@tollgate/service-kit';
import type { z } from 'zod';
import { requireRole } from '../workflows/workspace-role.js';
import { CreateMcpServer } from './create-mcp-server.js';
import { DeleteMcpServer } from './delete-mcp-server.js';
import { mcpServerNotFound, type McpServerRow, shownMcpServer } from './mcp-server-row.js';
import { McpServerShelf } from './mcp-server-shelf.js';
import { UpdateMcpServer } from './update-mcp-server.js';

const workspaceNotFound = () => new Problem('notFound', { text: 'Workspace not found' });

/** MCP servers for the admins of a workspace (contract A3). */
@Controller('api/mcp/workflow-servers')
@SessionRoute()
export class McpServersController {
  constructor(
    private readonly commands: CommandBus,
    private readonly shelf: McpServerShelf,
    private readonly directory: Directory,
    private readonly config: Config,
  ) {}

  @Post()
  @HttpCode(200)
  async create(
    @CurrentUser() user: SignedIn,
    @Body(new Checked(createMcpServerBodySchema)) body: CreateMcpServerBody,
  ): Promise<{ server: McpServer }> {
    await this.requireAdmin(body.workspaceId, user, workspaceNotFound);
    return this.shown(await this.commands.execute(new CreateMcpServer(user.userId, body)));
  }

  @Get()
  async list(
    @CurrentUser() user: SignedIn,
    @Query(new Checked(listMcpServersQuerySchema)) query: z.output<typeof listMcpServersQuerySchema>,
  ): Promise<{ servers: McpServer[]; nextCursor: string | null }> {
    await this.requireAdmin(query.workspaceId, user, workspaceNotFound);
    const { rows, nextCursor } = await this.shelf.list(query.workspaceId, query);
    return { servers: rows.map((row) => this.shown(row).server), nextCursor };
  }

  @Patch(':id')
  async update(
    @CurrentUser() user: SignedIn,
    @Param('id') id: string,
    @Body(new Checked(updateMcpServerBodySchema)) body: UpdateMcpServerBody,
  ): Promise<{ server: McpServer }> {
    await this.requireAdminOf(id, user);
    return this.shown(await this.commands.execute(new UpdateMcpServer(user.userId, id, body)));
  }

  @Delete(':id')
  async remove(@CurrentUser() user: SignedIn, @Param('id') id: string): Promise<{ success: true }> {
    await this.requireAdminOf(id, user);
    await this.commands.execute(new DeleteMcpServer(user.userId, id));
    return { success: true };
  }

  private shown(row: McpServerRow): { server: McpServer } {
    return { server: shownMcpServer(row, this.config.publicUrl) };
  }

  /** What somebody who is no member may not see looks like what is not there. */
  private async requireAdminOf(id: string, user: SignedIn): Promise<void> {
    const server = await this.directory.read('mcpServer', id);
    if (!server) throw mcpServerNotFound();
    await this.requireAdmin(server.workspaceId, user, mcpServerNotFound);
  }

  private requireAdmin(workspaceId: string, user: SignedIn, concealed: () => Problem): Promise<void> {
    return requireRole(this.directory, { userId: user.userId, workspaceId, needed: 'admin', concealed });
  }
}
