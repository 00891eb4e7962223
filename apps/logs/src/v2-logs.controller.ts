import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiKeyRoute, CurrentCaller, Directory, V2Access } from '@tollgate/access';
import type { Caller } from '@tollgate/access';
import { Problem, v2LogListQuerySchema } from '@tollgate/contracts';
import type { V2LogDetail, V2LogListQuery } from '@tollgate/contracts';
import { noQuerySchema, V2Query } from '@tollgate/service-kit';
import { readRunId } from './log-id.js';
import { LogRetention } from './log-retention.js';
import { RunLog } from './run-log.js';
import type { RunEntry } from './run-log.js';
import { v2LogDetailOf } from './v2-log-entry.js';
import { type V2LogPage, V2LogPages } from './v2-log-pages.js';
import { WorkflowCatalog } from './workflow-catalog.js';

/** The v2 Logs API (contract B5.3). What a caller may not see is the same 404 as what is not there. */
@Controller('api/v2/logs')
@ApiKeyRoute('v2')
export class V2LogsController {
  constructor(
    private readonly access: V2Access,
    private readonly pages: V2LogPages,
    private readonly runs: RunLog,
    private readonly catalog: WorkflowCatalog,
    private readonly directory: Directory,
    private readonly retention: LogRetention,
  ) {}

  @Get()
  async list(
    @CurrentCaller() caller: Caller,
    @Query(new V2Query(v2LogListQuerySchema)) query: V2LogListQuery,
  ): Promise<V2LogPage> {
    await this.access.require(caller, query.workspaceId, 'read', 'Workspace');
    return this.pages.page(query);
  }

  @Get(':runId')
  async detail(
    @CurrentCaller() caller: Caller,
    @Param('runId') runId: string,
    @Query(new V2Query(noQuerySchema)) _query: object,
  ): Promise<{ data: V2LogDetail }> {
    const run = await this.readable(caller, readRunId(runId));
    const [texts, workflows, state] = await Promise.all([
      this.runs.texts(run),
      this.catalog.workflows([run.workflowId]),
      run.deploymentVersionId === null ? null : this.catalog.state(run.deploymentVersionId),
    ]);
    const workflow = workflows.get(run.workflowId);
    const [executedByEmail, ownerEmail] = await Promise.all([
      this.emailOf(run.actorUserId),
      this.emailOf(workflow?.createdBy ?? null),
    ]);
    return { data: v2LogDetailOf(run, { texts, workflow, state, executedByEmail, ownerEmail }) };
  }

  /**
   * The newest run of this id that this caller may read. Else the reason, where he may know that it is there, or the 404
   * of a run that is not.
   */
  private async readable(caller: Caller, runId: string | undefined): Promise<RunEntry> {
    let refusal: unknown = new Problem('notFound', { text: 'Run not found' });
    for (const workspaceId of runId === undefined ? [] : await this.runs.workspacesOf(runId)) {
      try {
        await this.access.require(caller, workspaceId, 'read', 'Run');
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.status !== 404) refusal = error;
        continue;
      }
      const run = await this.retention.shown(await this.runs.find(workspaceId, runId!));
      if (run) return run;
    }
    throw refusal;
  }

  private async emailOf(userId: string | null): Promise<string | null> {
    return userId === null ? null : ((await this.directory.read('user', userId))?.email ?? null);
  }
}
