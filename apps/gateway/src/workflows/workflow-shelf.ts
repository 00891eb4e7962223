import { Injectable } from '@nestjs/common';
import { Problem, type Workflow } from '@tollgate/contracts';
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
    const [afterAt, afterId] = of.cursor === undefined ? ['-infinity', ''] : readCursor(of.cursor);
    const { rows } = await this.database.pool.query<WorkflowRow>(
      `SELECT * FROM workflows WHERE workspace_id = $1 AND (created_at, id) > ($2::timestamptz, $3)
       ORDER BY created_at, id LIMIT $4`,
      [of.workspaceId, afterAt, afterId, of.limit + 1],
    );
    const page = rows.slice(0, of.limit);
    const last = page.at(-1);
    return {
      workflows: page.map(shownWorkflow),
      nextCursor: rows.length > of.limit && last ? cursorOf(last) : null,
    };
  }
}

function cursorOf(row: WorkflowRow): string {
  return Buffer.from(JSON.stringify([row.created_at.toISOString(), row.id])).toString('base64url');
}

function readCursor(cursor: string): [at: string, id: string] {
  try {
    const [at, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as [unknown, unknown];
    const isMade = typeof at === 'string' && typeof id === 'string' && /^[\w-]{1,128}$/.test(id);
    if (isMade && new Date(at).toISOString() === at) return [at, id];
  } catch {
    // Refused below, like every cursor that was not made here.
  }
  throw new Problem('badRequest', { details: [{ path: ['cursor'], message: 'Cursor is not valid' }] });
}
