import { Body, Controller, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiKeyRoute, type Caller, CurrentCaller, Directory, V2Access } from '@tollgate/access';
import {
  EXECUTION_ID_PATTERN,
  Problem,
  type Role,
  type V2Cancelled,
  type V2RunEntry,
  type V2RunListQuery,
  v2RunListQuerySchema,
  type V2RunQuery,
  v2RunQuerySchema,
} from '@tollgate/contracts';
import { noQuerySchema, V2Body, V2Query } from '@tollgate/service-kit';
import { CancelRun } from '../jobs/cancel-run.js';
import { RunStates } from '../runs/run-states.js';
import { V2RunList } from './v2-run-list.js';
import { v2RunText } from './v2-run-view.js';

interface OfWorkflow {
  workspaceId: string;
  workflowId: string;
}

/** Runs of a workflow, while they wait, while they go on and after they ended (contract B3.4). */
@Controller('api/v2/workflows/:workflowId/runs')
@ApiKeyRoute('v2')
export class V2RunsController {
  constructor(
    private readonly access: V2Access,
    private readonly directory: Directory,
    private readonly runs: V2RunList,
    private readonly states: RunStates,
    private readonly cancelRun: CancelRun,
  ) {}

  @Get()
  async list(
    @CurrentCaller() caller: Caller,
    @Param('workflowId') workflowId: string,
    @Query(new V2Query(v2RunListQuerySchema)) query: V2RunListQuery,
  ): Promise<{ data: V2RunEntry[]; nextCursor: string | null }> {
    return this.runs.page(await this.reachable(caller, workflowId, 'read', 'Workflow'), query);
  }

  @Get(':runId')
  @Header('content-type', 'application/json; charset=utf-8')
  async show(
    @CurrentCaller() caller: Caller,
    @Param('workflowId') workflowId: string,
    @Param('runId') runId: string,
    @Query(new V2Query(v2RunQuerySchema)) query: V2RunQuery,
  ): Promise<string> {
    const of = await this.reachable(caller, workflowId, 'read', 'Run');
    const state = isRunId(runId) ? await this.states.find({ ...of, runId }) : undefined;
    if (!state) throw runNotFound();
    return v2RunText(state, workflowId, query);
  }

  /** Needs `write`: it changes what others see. A run that ended already is told so, not refused. */
  @Post(':runId/cancel')
  @HttpCode(200)
  async cancel(
    @CurrentCaller() caller: Caller,
    @Param('workflowId') workflowId: string,
    @Param('runId') runId: string,
    @Query(new V2Query(noQuerySchema)) _query: object,
    @Body(new V2Body(noQuerySchema)) _body: object,
  ): Promise<{ data: V2Cancelled }> {
    const of = await this.reachable(caller, workflowId, 'write', 'Run');
    if (!isRunId(runId)) throw runNotFound();
    const outcome = await this.cancelRun.cancel(workflowId, runId);
    if (outcome === 'cancelled') return answerOf(runId, true, 'queue_cancelled');
    if (outcome === 'cancelling') return answerOf(runId, true, 'recorded');
    const status = (await this.states.find({ ...of, runId }))?.status;
    if (status === 'completed' || status === 'failed') return answerOf(runId, false, `already_${status}`);
    if (status === 'cancelled') return answerOf(runId, true, 'already_cancelled');
    throw runNotFound();
  }

  private async reachable(
    caller: Caller,
    workflowId: string,
    needed: Role,
    subject: 'Workflow' | 'Run',
  ): Promise<OfWorkflow> {
    const workflow = await this.directory.read('workflow', workflowId);
    if (!workflow) throw new Problem('notFound', { text: `${subject} not found` });
    await this.access.require(caller, workflow.workspaceId, needed, subject);
    return { workspaceId: workflow.workspaceId, workflowId };
  }
}

/** What no run can be named finds none: a database is not asked for it. */
function isRunId(text: string): boolean {
  return EXECUTION_ID_PATTERN.test(text);
}

function runNotFound(): Problem {
  return new Problem('notFound', { text: 'Run not found' });
}

/** `redisAvailable`: Sim's name for whether the word reaches whoever runs it; here the queue carries it. */
function answerOf(runId: string, success: boolean, reason: NonNullable<V2Cancelled['reason']>): { data: V2Cancelled } {
  const recorded = reason === 'recorded' || reason === 'queue_cancelled';
  return {
    data: {
      success,
      runId,
      redisAvailable: true,
      durablyRecorded: recorded,
      locallyAborted: reason === 'recorded',
      pausedCancelled: false,
      reason,
    },
  };
}
