import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import {
  AccessSettings,
  ApiKeyRoute,
  type Caller,
  CurrentCaller,
  decideWorkspaceAccess,
  Directory,
  memberRef,
} from '@tollgate/access';
import {
  EXECUTION_ID_PATTERN,
  type executionStatusSchema,
  executionQuerySchema,
  microsToNumber,
  Problem,
} from '@tollgate/contracts';
import { check } from '@tollgate/service-kit';
import type { z } from 'zod';
import { selectOutputs } from '../streams/select-outputs.js';
import { type RunState, RunStates } from './run-states.js';

/** `GET /api/workflows/{id}/executions/{executionId}` (contract B3.4): where a run stands. */
@Controller('api/workflows')
export class ExecutionsController {
  constructor(
    private readonly states: RunStates,
    private readonly directory: Directory,
    private readonly settings: AccessSettings,
  ) {}

  @Get(':id/executions/:executionId')
  @ApiKeyRoute('execute')
  @Header('content-type', 'application/json; charset=utf-8')
  async status(
    @CurrentCaller() caller: Caller,
    @Param('id') workflowId: string,
    @Param('executionId') runId: string,
    @Query() raw: unknown,
  ): Promise<string> {
    const query = check(executionQuerySchema, raw);
    const workspaceId = await this.readableWorkspace(caller, workflowId);
    if (!EXECUTION_ID_PATTERN.test(runId)) throw notFound();
    const state = await this.states.find({ workspaceId, workflowId, runId });
    if (!state) throw notFound();
    const isWanted = query.includeOutput === true && state.status === 'completed';
    const output = isWanted ? selectOutputs(await state.outputJson(), query.selectedOutputs) : 'null';
    return `${JSON.stringify(statusOf(workflowId, state)).slice(0, -1)},"finalOutput":${output}}`;
  }

  /** What may not be seen is not there; only the switch for personal keys is named. */
  private async readableWorkspace(caller: Caller, workflowId: string): Promise<string> {
    const workflow = await this.directory.read('workflow', workflowId);
    if (!workflow) throw notFound();
    const { workspaceId } = workflow;
    const workspace = await this.directory.read('workspace', workspaceId);
    const { ownerId } = caller;
    const member = ownerId === null ? undefined : await this.directory.read('member', memberRef(workspaceId, ownerId));
    const { payerRule } = this.settings;
    const access = decideWorkspaceAccess({ caller, workspaceId, workspace, member, needed: 'read', payerRule });
    if (access.allowed) return workspaceId;
    if (access.refusal === 'personalKeysDisabled') throw new Problem('personalKeysDisabled');
    throw notFound();
  }
}

function statusOf(workflowId: string, state: RunState): Omit<z.infer<typeof executionStatusSchema>, 'finalOutput'> {
  const { runId, status, trigger, startedAt, endedAt, durationMs, costMicros, error } = state;
  return {
    executionId: runId,
    workflowId,
    status,
    trigger,
    level: status === 'failed' ? 'error' : 'info',
    startedAt,
    endedAt,
    totalDurationMs: durationMs,
    paused: null,
    cost: costMicros === null ? null : { total: microsToNumber(costMicros) },
    error: error?.message ?? null,
  };
}

function notFound(): Problem {
  return new Problem('notFound', { text: 'Execution not found' });
}
