import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiKeyRoute, type Caller, CurrentCaller, Directory, V2Access } from '@tollgate/access';
import {
  type V2Workflow,
  type V2WorkflowDetail,
  type V2WorkflowListQuery,
  v2WorkflowListQuerySchema,
} from '@tollgate/contracts';
import { noQuerySchema, V2Query } from '@tollgate/service-kit';
import { workflowNotFound } from '../workflows/workflow-row.js';
import { V2WorkflowShelf } from './v2-workflow-shelf.js';

/** Workflows of the workspaces that a key reaches (contract B9.4). */
@Controller('api/v2/workflows')
@ApiKeyRoute('v2')
export class V2WorkflowsController {
  constructor(
    private readonly access: V2Access,
    private readonly directory: Directory,
    private readonly shelf: V2WorkflowShelf,
  ) {}

  @Get()
  async list(
    @CurrentCaller() caller: Caller,
    @Query(new V2Query(v2WorkflowListQuerySchema)) query: V2WorkflowListQuery,
  ): Promise<{ data: V2Workflow[]; nextCursor: string | null }> {
    await this.access.require(caller, query.workspaceId, 'read', 'Workspace');
    return this.shelf.list(query);
  }

  @Get(':workflowId')
  async show(
    @CurrentCaller() caller: Caller,
    @Param('workflowId') workflowId: string,
    @Query(new V2Query(noQuerySchema)) _query: object,
  ): Promise<{ data: V2WorkflowDetail }> {
    const known = await this.directory.read('workflow', workflowId);
    if (!known) throw workflowNotFound();
    await this.access.require(caller, known.workspaceId, 'read', 'Workflow');
    const workflow = await this.shelf.find(workflowId);
    if (!workflow) throw workflowNotFound();
    return { data: workflow };
  }
}
