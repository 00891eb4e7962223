import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { CurrentUser, SessionRoute, type SignedIn } from '@tollgate/access';
import {
  changeWorkspaceBodySchema,
  createWorkspaceBodySchema,
  type PersonalKeysReach,
  Problem,
  workspacesQuerySchema,
  type WorkspaceView,
} from '@tollgate/contracts';
import { check, Clock } from '@tollgate/service-kit';
import { KeyBook } from '../keys/key-book.js';
import type { FastifyReply } from 'fastify';
import { pendingAnswer, type WithReceipt } from '../receipts/receipt-answer.js';
import { KnownId } from '../known-id.js';
import { ChangeWorkspace } from './change-workspace.js';
import { CreateWorkspace } from './create-workspace.js';
import { WorkspaceBook } from './workspace-book.js';
import { workspaceNotFound, workspaceProblem } from './workspace-refusals.js';

/** Workspaces (contract A3, B1.1). A workspace that is not the caller's is the same 404 as one that is not there. */
@Controller('api/workspaces')
@SessionRoute()
export class WorkspacesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly workspaces: WorkspaceBook,
    private readonly keys: KeyBook,
    private readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(200)
  async create(@CurrentUser() { userId }: SignedIn, @Body() body: unknown): Promise<{ workspace: WorkspaceView }> {
    const { name } = check(createWorkspaceBodySchema, body);
    const outcome = await this.commands.execute(new CreateWorkspace(userId, name));
    if (outcome.outcome !== 'created') throw workspaceProblem(outcome.outcome);
    return { workspace: outcome.workspace };
  }

  @Get()
  async list(@CurrentUser() { userId }: SignedIn, @Query() query: unknown) {
    return this.workspaces.of(userId, check(workspacesQuerySchema, query));
  }

  @Get(':id')
  async show(
    @CurrentUser() { userId }: SignedIn,
    @Param('id', KnownId) id: string,
  ): Promise<{ workspace: WorkspaceView }> {
    return { workspace: await this.viewFor(userId, id) };
  }

  @Patch(':id')
  async change(
    @CurrentUser() { userId }: SignedIn,
    @Param('id', KnownId) id: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WithReceipt<{ workspace: WorkspaceView }>> {
    const { permissions } = await this.viewFor(userId, id);
    if (permissions !== 'admin') throw workspaceProblem('insufficientRole');
    const changes = check(changeWorkspaceBodySchema, body);
    if (Object.values(changes).every((value) => value === undefined)) {
      throw new Problem('badRequest', { text: 'No updates provided' });
    }
    const outcome = await this.commands.execute(new ChangeWorkspace(userId, id, changes));
    if (outcome.outcome !== 'done') throw workspaceProblem(outcome.outcome);
    return pendingAnswer(reply, outcome.confirmation, { workspace: await this.viewFor(userId, id) });
  }

  /** What `allowPersonalApiKeys` stops or lets in. */
  @Get(':id/personal-keys')
  async personalKeys(
    @CurrentUser() { userId }: SignedIn,
    @Param('id', KnownId) id: string,
  ): Promise<PersonalKeysReach> {
    const { permissions } = await this.viewFor(userId, id);
    if (permissions !== 'admin') throw workspaceProblem('insufficientRole');
    return this.keys.personalKeysReaching(id, this.clock.now());
  }

  private async viewFor(userId: string, id: string): Promise<WorkspaceView> {
    const workspace = await this.workspaces.view(id, userId);
    if (!workspace) throw workspaceNotFound();
    return workspace;
  }
}
