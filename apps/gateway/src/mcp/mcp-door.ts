import { Injectable } from '@nestjs/common';
import {
  AccessSettings,
  decideWorkspaceAccess,
  Directory,
  KeyAuthenticator,
  type McpServerEntry,
  memberRef,
} from '@tollgate/access';
import { PROBLEMS } from '@tollgate/contracts';
import type { FastifyRequest } from 'fastify';
import type { RunCaller } from '../runs/run-caller.js';

/** Who may use which server; or a refusal in the plain words of contract B7, which are no JSON-RPC. */
export type McpEntrance =
  { server: McpServerEntry; caller: RunCaller } | { status: 401 | 403 | 404; body: { error: string } };

const NOT_FOUND: McpEntrance = { status: 404, body: { error: 'Server not found' } };
const UNAUTHORIZED: McpEntrance = { status: 401, body: { error: PROBLEMS.unauthorized.text } };
const FORBIDDEN: McpEntrance = { status: 403, body: { error: PROBLEMS.forbidden.text } };
const NO_PERSONAL_KEYS: McpEntrance = { status: 403, body: { error: PROBLEMS.personalKeysDisabled.text } };

/**
 * Decides anew on each request, from the directory alone, who may use an MCP server: so what is revoked, switched off or
 * made private is refused in the middle of a client's session too.
 */
@Injectable()
export class McpDoor {
  constructor(
    private readonly directory: Directory,
    private readonly authenticator: KeyAuthenticator,
    private readonly settings: AccessSettings,
  ) {}

  /** Rejects with `DirectoryUnavailable` when the truth cannot be had. */
  async enter(request: FastifyRequest<{ Params: { serverId: string } }>): Promise<McpEntrance> {
    const server = await this.directory.read('mcpServer', request.params.serverId);
    if (!server) return NOT_FOUND;
    return server.isPublic ? this.enterPublic(server) : this.enterByKey(server, request.headers['x-api-key']);
  }

  /**
   * Whoever made the server lends it his own access, and no more: when he is suspended or has left the workspace, it is
   * closed until it is made anew or private.
   */
  private async enterPublic(server: McpServerEntry): Promise<McpEntrance> {
    const { creatorId, workspaceId } = server;
    const creator = await this.directory.read('user', creatorId);
    const member = await this.directory.read('member', memberRef(workspaceId, creatorId));
    if (!creator || creator.suspended || !member) return FORBIDDEN;
    return { server, caller: { kind: 'public', ownerId: creatorId } };
  }

  private async enterByKey(server: McpServerEntry, header: string | string[] | undefined): Promise<McpEntrance> {
    const caller = await this.authenticator.authenticate(header);
    if (caller.kind !== 'key') return UNAUTHORIZED;
    const { workspaceId } = server;
    const workspace = await this.directory.read('workspace', workspaceId);
    const member =
      caller.ownerId === null ? undefined : await this.directory.read('member', memberRef(workspaceId, caller.ownerId));
    const { payerRule } = this.settings;
    const access = decideWorkspaceAccess({ caller, workspaceId, workspace, member, needed: 'read', payerRule });
    if (access.allowed) return { server, caller };
    return access.refusal === 'personalKeysDisabled' ? NO_PERSONAL_KEYS : FORBIDDEN;
  }
}
