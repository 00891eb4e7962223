import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiKeyRoute, CurrentCaller, executionDetailAccessProblem, logDetailAccessProblem } from '@tollgate/access';
import type { Caller } from '@tollgate/access';
import { logListQuerySchema, Problem } from '@tollgate/contracts';
import { check } from '@tollgate/service-kit';
import { costOf, logDetailOf } from './log-entry.js';
import { readRunId, runIdOfLog } from './log-id.js';
import { LogLimitsReader } from './log-limits.js';
import { LogPages } from './log-pages.js';
import { LogReader } from './log-reader.js';
import { LogRetention } from './log-retention.js';
import { RunLog } from './run-log.js';
import type { RunEntry } from './run-log.js';
import { WorkflowCatalog } from './workflow-catalog.js';

/** The v1 Logs API (contract B5.1, B5.2). What a caller may not see is the same 404 as what is not there. */
@Controller('api/v1/logs')
export class LogsController {
  constructor(
    private readonly reader: LogReader,
    private readonly pages: LogPages,
    private readonly runs: RunLog,
    private readonly catalog: WorkflowCatalog,
    private readonly limits: LogLimitsReader,
    private readonly retention: LogRetention,
  ) {}

  @Get()
  @ApiKeyRoute('logs')
  async list(@CurrentCaller() caller: Caller, @Query() raw: unknown) {
    const query = check(logListQuerySchema, raw, { text: 'first' });
    const payerUserId = await this.reader.payerForList(caller, query.workspaceId);
    const page = await this.pages.page(query);
    return { ...page, limits: await this.limits.limitsOf(payerUserId) };
  }

  @Get('executions/:executionId')
  @ApiKeyRoute('executionDetail')
  async execution(@CurrentCaller() caller: Caller, @Param('executionId') executionId: string) {
    const { run, payerUserId } = await this.readable(caller, readRunId(executionId), executionDetailAccessProblem);
    // An attempt that was refused before its workflow was known ran no snapshot.
    if (run.deploymentVersionId === null) {
      throw new Problem('notFound', { text: 'Workflow state snapshot not found' });
    }
    return {
      executionId: run.runId,
      workflowId: run.workflowId,
      workflowState: await this.catalog.state(run.deploymentVersionId),
      executionMetadata: {
        trigger: run.trigger,
        startedAt: run.startedAt.toISOString(),
        endedAt: run.endedAt.toISOString(),
        totalDurationMs: run.durationMs,
        cost: costOf(run),
      },
      limits: await this.limits.limitsOf(payerUserId),
    };
  }

  @Get(':id')
  @ApiKeyRoute('logDetail')
  async detail(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    const { run, payerUserId } = await this.readable(caller, runIdOfLog(id), logDetailAccessProblem);
    const [texts, workflows, limits] = await Promise.all([
      this.runs.texts(run),
      this.catalog.workflows([run.workflowId]),
      this.limits.limitsOf(payerUserId),
    ]);
    return { data: logDetailOf(run, texts, workflows.get(run.workflowId)), limits };
  }

  /** The newest run of this id that this caller may read; else `concealed`. */
  private async readable(
    caller: Caller,
    runId: string | undefined,
    concealed: () => Problem,
  ): Promise<{ run: RunEntry; payerUserId: string }> {
    if (runId === undefined) throw concealed();
    for (const workspaceId of await this.runs.workspacesOf(runId)) {
      const access = await this.reader.payerFor(caller, workspaceId);
      if ('refusal' in access) continue;
      const run = await this.retention.shown(await this.runs.find(workspaceId, runId));
      if (run) return { run, payerUserId: access.payerUserId };
    }
    throw concealed();
  }
}
