import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '@tollgate/api-key';
import type { CreateWorkflowBody, NewEvent, Workflow } from '@tollgate/contracts';
import { Clock, Commit, Config, Secrets } from '@tollgate/service-kit';
import { GatewayDatabase } from '../gateway-database.js';
import { runnerColumns } from './draft-columns.js';
import { checkRunner } from './runner-check.js';
import { shownWorkflow, type WorkflowRow } from './workflow-row.js';

export interface WorkflowSaved {
  workflow: Workflow;
  /** There when this change made it; it is never shown again. */
  signingSecret?: string;
}

/** Makes a workflow, not deployed yet. Who may is the door's question. */
export class CreateWorkflow {
  constructor(
    readonly userId: string,
    readonly body: CreateWorkflowBody,
  ) {}
}

@CommandHandler(CreateWorkflow)
export class CreateWorkflowHandler implements ICommandHandler<CreateWorkflow, WorkflowSaved> {
  constructor(
    private readonly database: GatewayDatabase,
    private readonly commit: Commit,
    private readonly clock: Clock,
    private readonly secrets: Secrets,
    private readonly config: Config,
  ) {}

  async execute({ userId, body }: CreateWorkflow): Promise<WorkflowSaved> {
    checkRunner(body.runner, this.config.UPSTREAM_ALLOW);
    const id = newId();
    const now = this.clock.now();
    const { columns, signingSecret } = runnerColumns(body.runner, {
      workflowId: id,
      masterKeys: this.secrets.masterKeys,
    });
    const { value } = await this.commit.run(this.database, async (manager) => {
      const rows: WorkflowRow[] = await manager.query(
        `INSERT INTO workflows (id, workspace_id, name, description, runner_kind, expression, url, timeout_ms,
           header_names, headers_sealed, signing_sealed, input_schema, created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14) RETURNING *`,
        [
          id,
          body.workspaceId,
          body.name,
          body.description ?? null,
          columns.runner_kind,
          columns.expression,
          columns.url,
          columns.timeout_ms,
          columns.header_names,
          columns.headers_sealed,
          columns.signing_sealed,
          body.inputSchema ? JSON.stringify(body.inputSchema) : null,
          userId,
          now,
        ],
      );
      const row = rows[0] as WorkflowRow;
      const event: NewEvent<'WorkflowCreated'> = {
        id: newId(),
        type: 'WorkflowCreated',
        source: '/tollgate/gateway',
        subject: id,
        time: now.toISOString(),
        data: {
          workflowId: id,
          workspaceId: row.workspace_id,
          name: row.name,
          description: row.description,
          actor: { type: 'user', id: userId },
        },
      };
      return { events: [event], value: shownWorkflow(row) };
    });
    return { workflow: value, ...(signingSecret !== undefined && { signingSecret }) };
  }
}
