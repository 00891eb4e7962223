import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiKeyRoute, type Caller, CurrentCaller, V2Access, v2AccessProblem } from '@tollgate/access';
import { type V2Workspace, type V2WorkspaceListQuery, v2WorkspaceListQuerySchema } from '@tollgate/contracts';
import { noQuerySchema, V2Query } from '@tollgate/service-kit';
import { KnownId } from '../known-id.js';
import { V2WorkspaceBook } from './v2-workspace-book.js';

/** The workspaces that a key reaches (contract B9.4). One that it does not is the same 404 as one that is not there. */
@Controller('api/v2/workspaces')
@ApiKeyRoute('v2')
export class V2WorkspacesController {
  constructor(
    private readonly access: V2Access,
    private readonly workspaces: V2WorkspaceBook,
  ) {}

  @Get()
  list(
    @CurrentCaller() caller: Caller,
    @Query(new V2Query(v2WorkspaceListQuerySchema)) query: V2WorkspaceListQuery,
  ): Promise<{ data: V2Workspace[]; nextCursor: string | null }> {
    return this.workspaces.of(caller, query);
  }

  @Get(':workspaceId')
  async show(
    @CurrentCaller() caller: Caller,
    @Param('workspaceId', KnownId) workspaceId: string,
    @Query(new V2Query(noQuerySchema)) _query: object,
  ): Promise<{ data: V2Workspace }> {
    await this.access.require(caller, workspaceId, 'read', 'Workspace');
    const workspace = await this.workspaces.find(workspaceId);
    if (!workspace) throw v2AccessProblem('workspaceUnknown', 'Workspace', caller.keyKind);
    return { data: workspace };
  }
}
