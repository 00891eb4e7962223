import { Injectable } from '@nestjs/common';
import type { Workflow } from '@tollgate/contracts';
import { pageOf, readPageCursor } from '@tollgate/service-kit';
import { GatewayDatabase } from '../gateway-database.js';
import { shownWorkflow, type WorkflowRow } from './workflow-row.js';

/** The read model of workflows for their authors. */
@Injectable()
export class WorkflowShelf {
  constructor(private readonly database: GatewayDatabase) {}

  async find(workflowId: string): Promise<Workflow | undefined> {
    const { rows } = await this.database.pool.query<WorkflowRow>(`SELECT * FROM workflows WHERE id = $1`, [workflowId]);
    return rows[0] && shownWorkflow(rows[0]);
  }

  /** One page in order of creation; `nextCursor` null: it was the last. */
  async list(of: { workspaceId: string; limit: number; cursor?: string | undefined }): Promise<{
    workflows: Workflow[];
    nextCursor: string | null;
  }> {
    const { rows } = await this.database.pool.query<WorkflowRow>(
      `SELECT * FROM workflows WHERE workspace_id = $1 AND (created_at, id) > ($2::timestamptz, $3)
       ORDER BY created_at, id LIMIT $4`,
      [of.workspaceId, ...readPageCursor(of.cursor), of.limit + 1],
    );
    const page = pageOf(rows, of.limit, (row) => [row.created_at, row.id]);
    return { workflows: page.rows.map(shownWorkflow), nextCursor: page.nextCursor ?? null };
  }
}
