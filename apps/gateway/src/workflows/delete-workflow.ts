import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '@tollgate/api-key';
import type { NewEvent } from '@tollgate/contracts';
import { Clock, Commit } from '@tollgate/service-kit';
import { GatewayDatabase } from '../gateway-database.js';
import { lockWorkflow } from './workflow-row.js';

/** Deletes a workflow, its deployments and its secrets. Its runs stay in log and bill, which carry their own names. */
export class DeleteWorkflow {
  constructor(
    readonly userId: string,
    readonly workflowId: string,
  ) {}
}

@CommandHandler(DeleteWorkflow)
export class DeleteWorkflowHandler implements ICommandHandler<DeleteWorkflow, void> {
  constructor(
    private readonly database: GatewayDatabase,
    private readonly commit: Commit,
    private readonly clock: Clock,
  ) {}

  async execute({ userId, workflowId }: DeleteWorkflow): Promise<void> {
    const time = this.clock.nowIso();
    await this.commit.run(this.database, async (manager) => {
      const row = await lockWorkflow(manager, workflowId);
      await manager.query(`DELETE FROM workflows WHERE id = $1`, [workflowId]);
      const event: NewEvent<'WorkflowDeleted'> = {
        id: newId(),
        type: 'WorkflowDeleted',
        source: '/tollgate/gateway',
        subject: workflowId,
        time,
        data: { workflowId, workspaceId: row.workspace_id, actor: { type: 'user', id: userId } },
      };
      return { events: [event], value: undefined };
    });
  }
}
