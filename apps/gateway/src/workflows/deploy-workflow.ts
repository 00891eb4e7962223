import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '@tollgate/api-key';
import type { NewEvent } from '@tollgate/contracts';
import { Clock, Commit } from '@tollgate/service-kit';
import { GatewayDatabase } from '../gateway-database.js';
import { DeploymentSecrets } from './deployment-secrets.js';
import { deployedRunnerOf, inputSchemaOf, lockWorkflow } from './workflow-row.js';

/** Makes the draft what runs: a snapshot that no later change of the draft touches. */
export class DeployWorkflow {
  constructor(
    readonly userId: string,
    readonly workflowId: string,
  ) {}
}

@CommandHandler(DeployWorkflow)
export class DeployWorkflowHandler implements ICommandHandler<DeployWorkflow, { deployedAt: string }> {
  constructor(
    private readonly database: GatewayDatabase,
    private readonly commit: Commit,
    private readonly clock: Clock,
    private readonly deploymentSecrets: DeploymentSecrets,
  ) {}

  async execute({ userId, workflowId }: DeployWorkflow): Promise<{ deployedAt: string }> {
    const now = this.clock.now();
    const deployedAt = now.toISOString();
    const deploymentId = newId();
    await this.commit.run(this.database, async (manager) => {
      const row = await lockWorkflow(manager, workflowId);
      const runner = deployedRunnerOf(row);
      await manager.query(
        `INSERT INTO deployments (id, workflow_id, runner, input_schema, headers_sealed, signing_sealed, deployed_by, deployed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          deploymentId,
          workflowId,
          JSON.stringify(runner),
          row.input_schema,
          row.headers_sealed,
          row.signing_sealed,
          userId,
          now,
        ],
      );
      await manager.query(
        `UPDATE workflows SET deployment_id = $2, deployed_revision = draft_revision, deployed_at = $3 WHERE id = $1`,
        [workflowId, deploymentId, now],
      );
      // Known before the directory sends the first run here: that run then asks no database.
      if (runner.kind === 'http') {
        this.deploymentSecrets.keep(deploymentId, {
          workflowId,
          headersSealed: row.headers_sealed,
          signingSealed: row.signing_sealed,
        });
      }
      const event: NewEvent<'WorkflowDeployed'> = {
        id: newId(),
        type: 'WorkflowDeployed',
        source: '/tollgate/gateway',
        subject: workflowId,
        time: deployedAt,
        data: {
          workflowId,
          workspaceId: row.workspace_id,
          name: row.name,
          deploymentVersionId: deploymentId,
          deployedAt,
          runner,
          inputSchema: inputSchemaOf(row),
          actor: { type: 'user', id: userId },
        },
      };
      return { events: [event], value: undefined };
    });
    return { deployedAt };
  }
}
