import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '@tollgate/api-key';
import type { NewEvent, UpdateWorkflowBody } from '@tollgate/contracts';
import { Clock, Commit, Config, Secrets } from '@tollgate/service-kit';
import { GatewayDatabase } from '../gateway-database.js';
import type { WorkflowSaved } from './create-workflow.js';
import { runnerColumns, type RunnerColumns } from './draft-columns.js';
import { checkRunner } from './runner-check.js';
import { lockWorkflow, needsRedeployment, shownWorkflow, type WorkflowRow } from './workflow-row.js';

/** Changes a workflow's draft. What is deployed runs on as it is, and the workflow then needs a redeployment. */
export class UpdateWorkflow {
  constructor(
    readonly userId: string,
    readonly workflowId: string,
    readonly body: UpdateWorkflowBody,
  ) {}
}

@CommandHandler(UpdateWorkflow)
export class UpdateWorkflowHandler implements ICommandHandler<UpdateWorkflow, WorkflowSaved> {
  constructor(
    private readonly database: GatewayDatabase,
    private readonly commit: Commit,
    private readonly clock: Clock,
    private readonly secrets: Secrets,
    private readonly config: Config,
  ) {}

  async execute({ userId, workflowId, body }: UpdateWorkflow): Promise<WorkflowSaved> {
    if (body.runner) checkRunner(body.runner, this.config.UPSTREAM_ALLOW);
    const now = this.clock.now();
    const { value } = await this.commit.run(this.database, async (manager) => {
      const before = await lockWorkflow(manager, workflowId);
      const draft = body.runner
        ? runnerColumns(body.runner, { workflowId, masterKeys: this.secrets.masterKeys, before })
        : { columns: before as RunnerColumns };
      const after: WorkflowRow = {
        ...before,
        ...draft.columns,
        name: body.name ?? before.name,
        description: body.description === undefined ? before.description : body.description,
        input_schema: schemaText(body.inputSchema, before.input_schema),
        updated_at: now,
      };
      if (changesWhatRuns(before, after)) after.draft_revision += 1;
      await manager.query(
        `UPDATE workflows SET name = $2, description = $3, runner_kind = $4, expression = $5, url = $6, timeout_ms = $7,
           header_names = $8, headers_sealed = $9, signing_sealed = $10, input_schema = $11, draft_revision = $12,
           updated_at = $13
         WHERE id = $1`,
        [
          workflowId,
          after.name,
          after.description,
          after.runner_kind,
          after.expression,
          after.url,
          after.timeout_ms,
          after.header_names,
          after.headers_sealed,
          after.signing_sealed,
          after.input_schema,
          after.draft_revision,
          now,
        ],
      );
      const event: NewEvent<'WorkflowUpdated'> = {
        id: newId(),
        type: 'WorkflowUpdated',
        source: '/tollgate/gateway',
        subject: workflowId,
        time: now.toISOString(),
        data: {
          workflowId,
          workspaceId: after.workspace_id,
          name: after.name,
          description: after.description,
          needsRedeployment: needsRedeployment(after),
          actor: { type: 'user', id: userId },
        },
      };
      const { signingSecret } = draft as { signingSecret?: string };
      return {
        events: [event],
        value: { workflow: shownWorkflow(after), ...(signingSecret !== undefined && { signingSecret }) },
      };
    });
    return value;
  }
}

function schemaText(given: UpdateWorkflowBody['inputSchema'], before: string | null): string | null {
  if (given === undefined) return before;
  return given === null ? null : JSON.stringify(given);
}

/** Whether the next deployment would run something else. A description is not deployed; headers given anew count. */
function changesWhatRuns(before: WorkflowRow, after: WorkflowRow): boolean {
  const parts = ['name', 'runner_kind', 'expression', 'url', 'timeout_ms', 'headers_sealed', 'input_schema'] as const;
  return parts.some((part) => before[part] !== after[part]);
}
