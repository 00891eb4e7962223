import { Controller, Get, Header, Query, Req, Res } from '@nestjs/common';
import {
  type Caller,
  decideWorkspaceAccess,
  Directory,
  KeyAuthenticator,
  memberRef,
  PublicRoute,
  AccessSettings,
  unavailableProblem,
} from '@tollgate/access';
import { discoverMcpQuerySchema, type McpDiscoverAnswer } from '@tollgate/contracts';
import { Checked, Config } from '@tollgate/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { mcpServerUrl } from './mcp-server-row.js';
import { McpServerShelf } from './mcp-server-shelf.js';

/** The exact 401 of contract B7, which has no code. */
const UNAUTHORIZED = { success: false, error: 'Authentication required. Provide X-API-Key header.' } as const;

/** `GET /api/mcp/discover` (contract B7): the servers that a key can use. */
@Controller('api/mcp/discover')
export class McpDiscoverController {
  constructor(
    private readonly authenticator: KeyAuthenticator,
    private readonly directory: Directory,
    private readonly settings: AccessSettings,
    private readonly shelf: McpServerShelf,
    private readonly config: Config,
  ) {}

  /** The key is judged here and not by a guard: the 401 has a body of its own. */
  @Get()
  @PublicRoute()
  @Header('cache-control', 'private, no-store')
  async discover(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Query(new Checked(discoverMcpQuerySchema)) query: z.output<typeof discoverMcpQuerySchema>,
  ): Promise<McpDiscoverAnswer | typeof UNAUTHORIZED> {
    const caller = await this.callerOf(request);
    if (!caller) {
      reply.status(401);
      return UNAUTHORIZED;
    }
    const names = await this.usableWorkspaces(caller);
    const { rows, nextCursor } = await this.shelf.discover([...names.keys()].sort(), query);
    return {
      success: true,
      servers: rows.map((row) => ({
        id: row.id,
        name: row.name,
        description: row.description,
        workspace: { id: row.workspace_id, name: names.get(row.workspace_id) ?? '' },
        toolCount: row.tool_count,
        createdAt: row.created_at.toISOString(),
        url: mcpServerUrl(this.config.publicUrl, row.id),
      })),
      ...(nextCursor !== null && { nextCursor }),
      authentication: { method: 'API Key', header: 'X-API-Key' },
    };
  }

  private async callerOf(request: FastifyRequest): Promise<Caller | undefined> {
    try {
      const caller = await this.authenticator.authenticate(request.headers['x-api-key']);
      return caller.kind === 'key' ? caller : undefined;
    } catch (error) {
      throw unavailableProblem(error);
    }
  }

  /** The workspaces where the key may run workflows, with their names. */
  private async usableWorkspaces(caller: Caller): Promise<Map<string, string>> {
    const { directory, settings } = this;
    const memberships = caller.ownerId === null ? undefined : await directory.read('memberships', caller.ownerId);
    const ids = caller.workspaceId === null ? Object.keys(memberships?.roles ?? {}) : [caller.workspaceId];
    const names = new Map<string, string>();
    for (const workspaceId of ids) {
      const workspace = await directory.read('workspace', workspaceId);
      const member =
        caller.ownerId === null ? undefined : await directory.read('member', memberRef(workspaceId, caller.ownerId));
      const question = { caller, workspaceId, workspace, member, needed: 'read' as const };
      const access = decideWorkspaceAccess({ ...question, payerRule: settings.payerRule });
      if (access.allowed && workspace) names.set(workspaceId, workspace.name);
    }
    return names;
  }
}
