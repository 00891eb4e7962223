import { Injectable } from '@nestjs/common';
import type { WorkflowState } from '@tollgate/contracts';
import { LogsDatabase } from './logs-database.js';

export interface CatalogWorkflow {
  name: string;
  description: string | null;
  createdBy: string | null;
  createdAt: Date;
  updatedAt: Date;
  deleted: boolean;
}

/** What is known of workflows and their deployed snapshots; the feed may be a moment behind the runs. */
@Injectable()
export class WorkflowCatalog {
  constructor(private readonly database: LogsDatabase) {}

  /** By id; unknown ones are absent. */
  async workflows(ids: Iterable<string>): Promise<Map<string, CatalogWorkflow>> {
    const wanted = [...new Set(ids)];
    if (wanted.length === 0) return new Map();
    const { rows } = await this.database.pool.query<CatalogWorkflow & { id: string }>(
      `SELECT workflow_id AS id, name, description, created_by AS "createdBy", created_at AS "createdAt",
         updated_at AS "updatedAt", deleted
       FROM logs.workflows WHERE workflow_id = ANY ($1::text[])`,
      [wanted],
    );
    return new Map(rows.map(({ id, ...workflow }) => [id, workflow]));
  }

  /** The snapshot of a deployment; of one that is not known (yet), its id alone. */
  async state(deploymentVersionId: string): Promise<WorkflowState> {
    const { rows } = await this.database.pool.query<{
      name: string;
      deployedAt: Date;
      runner: string;
      inputSchema: string | null;
    }>(
      `SELECT name, deployed_at AS "deployedAt", runner, input_schema AS "inputSchema"
       FROM logs.deployments WHERE deployment_version_id = $1`,
      [deploymentVersionId],
    );
    const row = rows[0];
    if (!row) return { deploymentVersionId };
    return {
      deploymentVersionId,
      name: row.name,
      deployedAt: row.deployedAt.toISOString(),
      runner: JSON.parse(row.runner) as NonNullable<WorkflowState['runner']>,
      inputSchema: row.inputSchema === null ? null : (JSON.parse(row.inputSchema) as Record<string, unknown>),
    };
  }
}
