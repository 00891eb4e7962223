import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { CurrentUser, Directory, SessionRoute, type SignedIn } from '@tollgate/access';
import {
  createWorkflowBodySchema,
  listWorkflowsQuerySchema,
  Problem,
  updateWorkflowBodySchema,
  type CreateWorkflowBody,
  type Role,
  type UpdateWorkflowBody,
  type Workflow,
} from '@tollgate/contracts';
import { Checked } from '@tollgate/service-kit';
import type { z } from 'zod';
import { CreateWorkflow, type WorkflowSaved } from './create-workflow.js';
import { DeleteWorkflow } from './delete-workflow.js';
import { DeployWorkflow } from './deploy-workflow.js';
import { UndeployWorkflow } from './undeploy-workflow.js';
import { UpdateWorkflow } from './update-workflow.js';
import { workflowNotFound } from './workflow-row.js';
import { WorkflowShelf } from './workflow-shelf.js';
import { requireRole } from './workspace-role.js';

const workspaceNotFound = () => new Problem('notFound', { text: 'Workspace not found' });

/** Workflow management for people signed in (contract A3). Members read, writers change, admins deploy. */
@Controller('api/workflows')
@SessionRoute()
export class WorkflowsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly shelf: WorkflowShelf,
    private readonly directory: Directory,
  ) {}

  @Post()
  @HttpCode(200)
  async create(
    @CurrentUser() user: SignedIn,
    @Body(new Checked(createWorkflowBodySchema)) body: CreateWorkflowBody,
  ): Promise<WorkflowSaved> {
    await this.requireIn(body.workspaceId, user, 'write');
    return this.commands.execute(new CreateWorkflow(user.userId, body));
  }

  @Get()
  async list(
    @CurrentUser() user: SignedIn,
    @Query(new Checked(listWorkflowsQuerySchema)) query: z.output<typeof listWorkflowsQuerySchema>,
  ): Promise<{ workflows: Workflow[]; nextCursor: string | null }> {
    await this.requireIn(query.workspaceId, user, 'read');
    return this.shelf.list(query);
  }

  @Get(':id')
  async show(@CurrentUser() user: SignedIn, @Param('id') id: string): Promise<{ workflow: Workflow }> {
    return { workflow: await this.findFor(user, id, 'read') };
  }

  @Put(':id')
  async update(
    @CurrentUser() user: SignedIn,
    @Param('id') id: string,
    @Body(new Checked(updateWorkflowBodySchema)) body: UpdateWorkflowBody,
  ): Promise<WorkflowSaved> {
    await this.findFor(user, id, 'write');
    return this.commands.execute(new UpdateWorkflow(user.userId, id, body));
  }

  @Delete(':id')
  async remove(@CurrentUser() user: SignedIn, @Param('id') id: string): Promise<{ success: true }> {
    await this.findFor(user, id, 'write');
    await this.commands.execute(new DeleteWorkflow(user.userId, id));
    return { success: true };
  }

  @Post(':id/deploy')
  @HttpCode(200)
  async deploy(
    @CurrentUser() user: SignedIn,
    @Param('id') id: string,
  ): Promise<{ isDeployed: true; deployedAt: string }> {
    await this.findFor(user, id, 'admin');
    const { deployedAt } = await this.commands.execute<DeployWorkflow, { deployedAt: string }>(
      new DeployWorkflow(user.userId, id),
    );
    return { isDeployed: true, deployedAt };
  }

  @Delete(':id/deploy')
  async undeploy(@CurrentUser() user: SignedIn, @Param('id') id: string): Promise<{ isDeployed: false }> {
    await this.findFor(user, id, 'admin');
    await this.commands.execute(new UndeployWorkflow(user.userId, id));
    return { isDeployed: false };
  }

  private requireIn(workspaceId: string, user: SignedIn, needed: Role): Promise<void> {
    return requireRole(this.directory, { userId: user.userId, workspaceId, needed, concealed: workspaceNotFound });
  }

  /** The workflow, if the person may see it and has the role; else the 404 of one that is not there. */
  private async findFor(user: SignedIn, id: string, needed: Role): Promise<Workflow> {
    const workflow = isStorableId(id) ? await this.shelf.find(id) : undefined;
    if (!workflow) throw workflowNotFound();
    await requireRole(this.directory, {
      userId: user.userId,
      workspaceId: workflow.workspaceId,
      needed,
      concealed: workflowNotFound,
    });
    return workflow;
  }
}

/** PostgreSQL refuses a NUL in a parameter: such an id names nothing. */
function isStorableId(id: string): boolean {
  return !id.includes('\u0000') && id.length <= 128;
}
