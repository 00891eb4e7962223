import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { LoggedEvent } from '@tollgate/contracts';
import { EventLog, PgCheckpointStore } from '@tollgate/event-log';
import type { Follower, Following, SqlSession } from '@tollgate/event-log';
import { Health } from '@tollgate/service-kit';
import type pg from 'pg';
import { LogsDatabase } from './logs-database.js';

/**
 * Workflows as the log of facts tells them, deleted ones and old deployments included: what the pages say of a run's
 * workflow and which snapshot it ran. An older fact never overwrites a newer one.
 */
export function catalogFollower(pool: pg.Pool): Follower {
  return {
    name: 'logs-workflows',
    topics: ['workflows'],
    checkpoint: new PgCheckpointStore(pool, 'logs.checkpoints'),
    handle: async (events, transaction) => {
      for (const event of events) await fold(event, transaction as SqlSession);
    },
  };
}

async function fold(event: LoggedEvent, sql: SqlSession): Promise<void> {
  const { time } = event;
  const position = event.position.toString();
  switch (event.type) {
    case 'WorkflowCreated': {
      const { workflowId, workspaceId, name, description, actor } = event.data;
      await sql.rows(
        `INSERT INTO logs.workflows VALUES ($1, $2, $3, $4, $5, $6, $6, false, $7) ON CONFLICT DO NOTHING`,
        [workflowId, workspaceId, name, description, actor.type === 'user' ? actor.id : null, time, position],
      );
      return;
    }
    case 'WorkflowUpdated': {
      const { workflowId, name, description } = event.data;
      await sql.rows(
        `UPDATE logs.workflows SET name = $2, description = $3, updated_at = $4, position = $5
         WHERE workflow_id = $1 AND position < $5`,
        [workflowId, name, description, time, position],
      );
      return;
    }
    case 'WorkflowDeleted':
      await sql.rows(
        `UPDATE logs.workflows SET deleted = true, updated_at = $2, position = $3 WHERE workflow_id = $1 AND position < $3`,
        [event.data.workflowId, time, position],
      );
      return;
    case 'WorkflowDeployed': {
      const { deploymentVersionId, workflowId, name, deployedAt, runner, inputSchema } = event.data;
      await sql.rows(`INSERT INTO logs.deployments VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`, [
        deploymentVersionId,
        workflowId,
        name,
        deployedAt,
        JSON.stringify(runner),
        inputSchema && JSON.stringify(inputSchema),
      ]);
      return;
    }
    default:
  }
}

/** Keeps the catalog fed as long as the service runs. */
@Injectable()
export class WorkflowCatalogFeed implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private following: Following | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly database: LogsDatabase,
    private readonly health: Health,
  ) {}

  onApplicationBootstrap(): void {
    this.following = this.log.follow(catalogFollower(this.database.pool));
    this.health.addFollower(this.following);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.following?.stop();
  }
}
