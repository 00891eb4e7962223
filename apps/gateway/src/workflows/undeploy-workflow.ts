import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '@tollgate/api-key';
import type { NewEvent } from '@tollgate/contracts';
import { Clock, Commit } from '@tollgate/service-kit';
import { GatewayDatabase } from '../gateway-database.js';
import { lockWorkflow } from './workflow-row.js';

/** Takes a workflow out of service; done already is done. */
export class UndeployWorkflow {
  constructor(
    readonly userId: string,
    readonly workflowId: string,
  ) {}
}

@CommandHandler(UndeployWorkflow)
export class UndeployWorkflowHandler implements ICommandHandler<UndeployWorkflow, void> {
  constructor(
    private readonly database: GatewayDatabase,
    private readonly commit: Commit,
    private readonly clock: Clock,
  ) {}

  async execute({ userId, workflowId }: UndeployWorkflow): Promise<void> {
    const time = this.clock.nowIso();
    await this.commit.run(this.database, async (manager) => {
      const row = await lockWorkflow(manager, workflowId);
      if (row.deployment_id === null) return { events: [], value: undefined };
      await manager.query(
        `UPDATE workflows SET deployment_id = NULL, deployed_revision = NULL, deployed_at = NULL WHERE id = $1`,
        [workflowId],
      );
      const event: NewEvent<'WorkflowUndeployed'> = {
        id: newId(),
        type: 'WorkflowUndeployed',
        source: '/tollgate/gateway',
        subject: workflowId,
        time,
        data: { workflowId, workspaceId: row.workspace_id, actor: { type: 'user', id: userId } },
      };
      return { events: [event], value: undefined };
    });
  }
}
