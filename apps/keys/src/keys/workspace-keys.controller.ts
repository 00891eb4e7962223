import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { CurrentUser, SessionRoute, type SignedIn } from '@tollgate/access';
import {
  createWorkspaceKeyBodySchema,
  keysQuerySchema,
  Problem,
  renameKeyBodySchema,
  revokeKeysBodySchema,
  type WorkspaceKeyView,
} from '@tollgate/contracts';
import { check } from '@tollgate/service-kit';
import type { FastifyReply } from 'fastify';
import { isId, KnownId } from '../known-id.js';
import { receiptAnswer } from '../receipts/receipt-answer.js';
import { WorkspaceBook } from '../workspaces/workspace-book.js';
import { IssueKey } from './issue-key.js';
import { KeyBook, type KeyPage } from './key-book.js';
import { createdAnswer, issuedOrRefuse, keyNotFound } from './key-refusals.js';
import { RenameKey } from './rename-key.js';
import { RevokeKeys } from './revoke-keys.js';

/**
 * A workspace's keys (contract B1.1). Who may not is told so before his body is looked at; the commands ask again under
 * their lock. An unknown workspace and one that is not the caller's answer alike, but for the list, as B1.1 words it.
 */
@Controller('api/workspaces/:id/api-keys')
@SessionRoute()
export class WorkspaceKeysController {
  constructor(
    private readonly commands: CommandBus,
    private readonly keys: KeyBook,
    private readonly workspaces: WorkspaceBook,
  ) {}

  @Get()
  async list(
    @CurrentUser() { userId }: SignedIn,
    @Param('id', KnownId) workspaceId: string,
    @Query() query: unknown,
  ): Promise<KeyPage<WorkspaceKeyView>> {
    const standing = await this.workspaces.standing(workspaceId, userId);
    if (!standing.exists) throw new Problem('notFound', { text: 'Workspace not found' });
    if (!standing.role) throw new Problem('unauthorized');
    return this.keys.ofWorkspace(workspaceId, check(keysQuerySchema, query));
  }

  @Post()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async create(@CurrentUser() { userId }: SignedIn, @Param('id', KnownId) workspaceId: string, @Body() body: unknown) {
    await this.mustBeAdmin(workspaceId, userId);
    const { name, expiresAt } = check(createWorkspaceKeyBodySchema, body);
    const owner = { kind: 'workspace', workspaceId } as const;
    const outcome = await this.commands.execute(new IssueKey(userId, owner, name, expiresAt ?? null));
    return createdAnswer(issuedOrRefuse(outcome, 'workspace', name));
  }

  @Put(':keyId')
  async rename(
    @CurrentUser() { userId }: SignedIn,
    @Param('id', KnownId) workspaceId: string,
    @Param('keyId', KnownId) keyId: string,
    @Body() body: unknown,
  ) {
    await this.mustBeAdmin(workspaceId, userId);
    const { name } = check(renameKeyBodySchema, body);
    const outcome = await this.commands.execute(new RenameKey(userId, workspaceId, keyId, name));
    switch (outcome.outcome) {
      case 'renamed':
        return { key: outcome.key };
      case 'nameTaken':
        throw new Problem('badRequest', { text: 'A workspace API key with this name already exists' });
      case 'notFound':
        throw keyNotFound();
      case 'forbidden':
        throw new Problem('forbidden');
    }
  }

  @Delete(':keyId')
  async revoke(
    @CurrentUser() { userId }: SignedIn,
    @Param('id', KnownId) workspaceId: string,
    @Param('keyId', KnownId) keyId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.mustBeAdmin(workspaceId, userId);
    const outcome = await this.commands.execute(new RevokeKeys(userId, { kind: 'workspace', workspaceId }, [keyId]));
    if (outcome.outcome === 'forbidden') throw new Problem('forbidden');
    if (outcome.outcome === 'noneFound') throw keyNotFound();
    return receiptAnswer(reply, outcome.confirmation, { success: true });
  }

  @Delete()
  async revokeMany(
    @CurrentUser() { userId }: SignedIn,
    @Param('id', KnownId) workspaceId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.mustBeAdmin(workspaceId, userId);
    const ids = check(revokeKeysBodySchema, body).keys.filter(isId);
    const outcome = await this.commands.execute(new RevokeKeys(userId, { kind: 'workspace', workspaceId }, ids));
    if (outcome.outcome === 'forbidden') throw new Problem('forbidden');
    if (outcome.outcome === 'noneFound') return { success: true, deletedCount: 0 };
    return receiptAnswer(reply, outcome.confirmation, { success: true, deletedCount: outcome.count });
  }

  private async mustBeAdmin(workspaceId: string, userId: string): Promise<void> {
    const standing = await this.workspaces.standing(workspaceId, userId);
    if (!standing.exists || standing.role !== 'admin') throw new Problem('forbidden');
  }
}
