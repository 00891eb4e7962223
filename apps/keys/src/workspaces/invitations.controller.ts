import { Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { CurrentUser, SessionRoute, type SignedIn } from '@tollgate/access';
import { invitationsQuerySchema, Problem } from '@tollgate/contracts';
import { check, Clock } from '@tollgate/service-kit';
import { KnownId } from '../known-id.js';
import { AcceptInvitation } from './accept-invitation.js';
import { CancelInvitation } from './cancel-invitation.js';
import { InvitationBook } from './invitation-book.js';
import { WorkspaceBook } from './workspace-book.js';
import { invitationProblem, workspaceNotFound, workspaceProblem } from './workspace-refusals.js';

/** Invitations that wait: seen and called back by admins, taken up by whoever holds the link (contract A3). */
@Controller('api')
@SessionRoute()
export class InvitationsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly workspaces: WorkspaceBook,
    private readonly invitations: InvitationBook,
    private readonly clock: Clock,
  ) {}

  @Get('workspaces/:id/invitations')
  async list(@CurrentUser() { userId }: SignedIn, @Param('id', KnownId) workspaceId: string, @Query() query: unknown) {
    const { role } = (await this.workspaces.standing(workspaceId, userId)) as { role?: string };
    if (role === undefined) throw workspaceNotFound();
    if (role !== 'admin') throw workspaceProblem('insufficientRole');
    const { limit, cursor } = check(invitationsQuerySchema, query);
    return this.invitations.page(workspaceId, this.clock.now(), limit, cursor);
  }

  @Delete('workspaces/:id/invitations/:invitationId')
  async cancel(
    @CurrentUser() { userId }: SignedIn,
    @Param('id', KnownId) workspaceId: string,
    @Param('invitationId', KnownId) invitationId: string,
  ) {
    const { outcome } = await this.commands.execute(new CancelInvitation(userId, workspaceId, invitationId));
    if (outcome === 'unknownInvitation') throw new Problem('notFound', { text: 'Invitation not found' });
    if (outcome !== 'cancelled') throw workspaceProblem(outcome);
    return { success: true };
  }

  @Post('invitations/:token/accept')
  @HttpCode(200)
  async accept(@CurrentUser() { userId }: SignedIn, @Param('token') token: string) {
    const outcome = await this.commands.execute(new AcceptInvitation(userId, token));
    if (outcome.outcome !== 'accepted') throw invitationProblem(outcome.outcome);
    const workspace = await this.workspaces.view(outcome.workspaceId, userId);
    if (!workspace) throw workspaceNotFound();
    return { success: true, workspace };
  }
}
