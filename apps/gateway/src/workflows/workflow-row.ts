import { Problem, type DeployedRunner, type Workflow } from '@tollgate/contracts';
import type { EntityManager } from 'typeorm';

/** A row of `workflows` as pg gives it. */
export interface WorkflowRow {
  id: string;
  workspace_id: string;
  name: string;
  description: string | null;
  runner_kind: 'expression' | 'http';
  expression: string | null;
  url: string | null;
  timeout_ms: number | null;
  header_names: string[];
  headers_sealed: string | null;
  signing_sealed: string | null;
  input_schema: string | null;
  draft_revision: number;
  deployment_id: string | null;
  deployed_revision: number | null;
  deployed_at: Date | null;
  created_by: string;
  created_at: Date;
  updated_at: Date;
}

/** What may not be seen and what is not there (house rule 13). */
export function workflowNotFound(): Problem {
  return new Problem('notFound', { text: 'Workflow not found' });
}

/** The row, locked until the transaction ends, so that the workflow's events keep their order. */
export async function lockWorkflow(manager: EntityManager, workflowId: string): Promise<WorkflowRow> {
  const rows: WorkflowRow[] = await manager.query(`SELECT * FROM workflows WHERE id = $1 FOR UPDATE`, [workflowId]);
  const [row] = rows;
  if (!row) throw workflowNotFound();
  return row;
}

/** True when what runs is no longer what the draft says. */
export function needsRedeployment(row: WorkflowRow): boolean {
  return row.deployment_id !== null && row.deployed_revision !== row.draft_revision;
}

export function inputSchemaOf(row: { input_schema: string | null }): Record<string, unknown> | null {
  return row.input_schema === null ? null : (JSON.parse(row.input_schema) as Record<string, unknown>);
}

/** The draft's runner without its secrets: what an event may carry. */
export function deployedRunnerOf(row: WorkflowRow): DeployedRunner {
  if (row.runner_kind === 'expression') return { kind: 'expression', expression: row.expression ?? '' };
  return { kind: 'http', url: row.url ?? '', ...(row.timeout_ms !== null && { timeoutMs: row.timeout_ms }) };
}

/** The workflow as the wire shows it (contract A3). */
export function shownWorkflow(row: WorkflowRow): Workflow {
  const runner = deployedRunnerOf(row);
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    description: row.description,
    runner: runner.kind === 'http' ? { ...runner, headerNames: row.header_names } : runner,
    inputSchema: inputSchemaOf(row),
    isDeployed: row.deployment_id !== null,
    deployedAt: row.deployed_at?.toISOString() ?? null,
    needsRedeployment: needsRedeployment(row),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
