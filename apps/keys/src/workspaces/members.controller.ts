import { Body, Controller, Delete, Get, Header, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { CurrentUser, SessionRoute, type SignedIn } from '@tollgate/access';
import {
  addMemberBodySchema,
  changeRolesBodySchema,
  MEMBERS_MAX,
  permissionsQuerySchema,
  type Role,
} from '@tollgate/contracts';
import { check, Config } from '@tollgate/service-kit';
import type { FastifyReply } from 'fastify';
import { pendingAnswer } from '../receipts/receipt-answer.js';
import { KnownId } from '../known-id.js';
import { AddMember } from './add-member.js';
import { ChangeRoles } from './change-roles.js';
import { RemoveMember } from './remove-member.js';
import { WorkspaceBook } from './workspace-book.js';
import { workspaceNotFound, workspaceProblem } from './workspace-refusals.js';

/** Members and their roles (contract A3). */
@Controller('api/workspaces/:id')
@SessionRoute()
export class MembersController {
  constructor(
    private readonly commands: CommandBus,
    private readonly workspaces: WorkspaceBook,
    private readonly config: Config,
  ) {}

  @Get('permissions')
  async permissions(
    @CurrentUser() { userId }: SignedIn,
    @Param('id', KnownId) workspaceId: string,
    @Query() query: unknown,
  ) {
    await this.roleOf(userId, workspaceId);
    return this.workspaces.permissions(workspaceId, check(permissionsQuerySchema, query));
  }

  @Patch('permissions')
  async changeRoles(
    @CurrentUser() { userId }: SignedIn,
    @Param('id', KnownId) workspaceId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.mustBeAdmin(userId, workspaceId);
    const { updates } = check(changeRolesBodySchema, body);
    const outcome = await this.commands.execute(
      new ChangeRoles(
        userId,
        workspaceId,
        updates.map((update) => ({ userId: update.userId, role: update.permissions })),
      ),
    );
    if (outcome.outcome !== 'done') throw workspaceProblem(outcome.outcome);
    const permissions = await this.workspaces.permissions(workspaceId, { limit: MEMBERS_MAX });
    return pendingAnswer(reply, outcome.confirmation, permissions);
  }

  @Post('members')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async add(@CurrentUser() { userId }: SignedIn, @Param('id', KnownId) workspaceId: string, @Body() body: unknown) {
    await this.mustBeAdmin(userId, workspaceId);
    const { email, permission } = check(addMemberBodySchema, body);
    const outcome = await this.commands.execute(new AddMember(userId, workspaceId, email, permission));
    switch (outcome.outcome) {
      case 'added':
        return { member: { userId: outcome.userId, email, permissionType: permission } };
      case 'invited': {
        const { id, token, expiresAt } = outcome.invitation;
        const link = `${this.config.publicUrl}/invitations/${token}`;
        return {
          member: { userId: null, email, permissionType: permission },
          invitation: { id, token, link, expiresAt },
        };
      }
      case 'done':
        throw new Error('A member is added or invited, never merely done');
      default:
        throw workspaceProblem(outcome.outcome);
    }
  }

  @Delete('members/:userId')
  async remove(
    @CurrentUser() { userId }: SignedIn,
    @Param('id', KnownId) workspaceId: string,
    @Param('userId', KnownId) memberId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const outcome = await this.commands.execute(new RemoveMember(userId, workspaceId, memberId));
    if (outcome.outcome !== 'done') throw workspaceProblem(outcome.outcome);
    return pendingAnswer(reply, outcome.confirmation, { success: true });
  }

  private async roleOf(userId: string, workspaceId: string): Promise<Role> {
    const standing = await this.workspaces.standing(workspaceId, userId);
    if (!standing.exists || !standing.role) throw workspaceNotFound();
    return standing.role;
  }

  private async mustBeAdmin(userId: string, workspaceId: string): Promise<void> {
    if ((await this.roleOf(userId, workspaceId)) !== 'admin') throw workspaceProblem('insufficientRole');
  }
}
