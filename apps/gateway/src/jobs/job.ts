import type { Deployment } from '@tollgate/access';
import type { PayerRule, Trigger } from '@tollgate/contracts';
import type { PerformableRun } from '../execute/admitted-run.js';
import type { RunClient } from '../runs/run-client.js';

export type JobState = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';

/** A run of the queue, as its table has it. */
export interface Job {
  id: string;
  runId: string;
  workspaceId: string;
  workflowId: string;
  state: JobState;
  trigger: Trigger;
  /** Who is named as its user: the person who acts, for a workspace key the payer. */
  userId: string;
  requestId: string;
  queuedAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  durationMs: number | null;
  costMicros: number | null;
  error: { code: string; message: string } | null;
}

/**
 * What was decided when the run was admitted, carried unchanged to where and whenever it runs: who pays by which rule at which
 * price, what runs, for how long. So nothing that changes meanwhile moves the bill.
 */
export interface JobOrder {
  eventKey: string;
  claimed: boolean;
  trigger: Trigger;
  partyJson: string;
  actorUserId: string | null;
  payerUserId: string;
  payerRule: PayerRule;
  deployment: Deployment;
  priceId: string;
  baseMicros: number;
  timeoutMs: number;
  admittedAtMs: number;
  client: RunClient;
}

export interface JobRow {
  id: string;
  run_id: string;
  workspace_id: string;
  workflow_id: string;
  ordered: string;
  state: JobState;
  attempts: number;
  queued_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  duration_ms: string | null;
  cost_micros: string | null;
  error: string | null;
}

export const JOB_COLUMNS = `id, run_id, workspace_id, workflow_id, ordered, state, attempts, queued_at, started_at,
  ended_at, duration_ms, cost_micros, error`;

export function jobOf(row: JobRow): Job {
  const order = orderOf(row);
  return {
    id: row.id,
    runId: row.run_id,
    workspaceId: row.workspace_id,
    workflowId: row.workflow_id,
    state: row.state,
    trigger: order.trigger,
    userId: order.actorUserId ?? order.payerUserId,
    requestId: order.client.requestId,
    queuedAt: row.queued_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    durationMs: row.duration_ms === null ? null : Number(row.duration_ms),
    costMicros: row.cost_micros === null ? null : Number(row.cost_micros),
    error: row.error === null ? null : (JSON.parse(row.error) as Job['error']),
  };
}

export function orderOf(row: Pick<JobRow, 'ordered'>): JobOrder {
  return JSON.parse(row.ordered) as JobOrder;
}

/** The run as it is performed, begun at `startedAtMs`. */
export function runOf(
  row: Pick<JobRow, 'run_id' | 'workspace_id' | 'workflow_id' | 'ordered'>,
  startedAtMs: number,
): PerformableRun {
  const { partyJson, payerUserId, payerRule, ...order } = orderOf(row);
  const { workflow_id: workflowId, workspace_id: workspaceId } = row;
  return {
    ...order,
    runId: row.run_id,
    startedAtMs,
    party: { json: partyJson, payerUserId, payerRule, workflowId, workflow: { workspaceId } },
  };
}
