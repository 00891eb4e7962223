import { Injectable } from '@nestjs/common';
import type { Trigger } from '@tollgate/contracts';
import { Log } from '@tollgate/service-kit';
import { GatewayDatabase } from '../gateway-database.js';

/** A run that ended, as the logs service publishes it. `refused`: an attempt that never started. */
export interface FinishedRun {
  runId: string;
  status: 'completed' | 'failed' | 'cancelled' | 'refused';
  trigger: Trigger;
  startedAt: Date;
  endedAt: Date;
  durationMs: number;
  costMicros: number;
}

export interface FinishedRunsRequest {
  workspaceId: string;
  workflowId: string;
  statuses?: readonly string[] | undefined;
  trigger?: string | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
  order: 'asc' | 'desc';
  after?: { startedAtMs: number; runId: string } | undefined;
  limit: number;
}

/** Most runs that are counted of one workflow: beyond it a list of workflows would cost what the runs cost. */
export const RUNS_COUNTED_MAX = 10_000;

type Row = Omit<FinishedRun, 'durationMs' | 'costMicros'> & { durationMs: string; costMicros: string };

const COLUMNS = `run_id AS "runId", status, trigger, started_at AS "startedAt", ended_at AS "endedAt",
  duration_ms AS "durationMs", cost_micros AS "costMicros"`;

/**
 * Runs that ended, from the views that the logs service keeps in the same database; they follow a run's answer within
 * two seconds. Where that service has never started there are none; whether it never has or works on another database
 * cannot be seen from here, so that is said once.
 */
@Injectable()
export class FinishedRuns {
  private isThere = false;
  private isMissed = false;

  constructor(
    private readonly database: GatewayDatabase,
    private readonly log: Log,
  ) {}

  /** One page by start and id, in the index's order. */
  async page(of: FinishedRunsRequest): Promise<FinishedRun[]> {
    if (!(await this.exist())) return [];
    const values: unknown[] = [of.workspaceId, of.workflowId];
    const bind = (value: unknown) => `$${values.push(value)}`;
    const wanted = ['workspace_id = $1', 'workflow_id = $2'];
    if (of.statuses) wanted.push(`status = ANY (${bind(of.statuses)}::text[])`);
    if (of.trigger !== undefined) wanted.push(`trigger = ${bind(of.trigger)}`);
    if (of.fromMs !== undefined) wanted.push(`started_at >= ${bind(new Date(of.fromMs).toISOString())}::timestamptz`);
    if (of.toMs !== undefined) wanted.push(`started_at <= ${bind(new Date(of.toMs).toISOString())}::timestamptz`);
    const [direction, beyond] = of.order === 'asc' ? ['ASC', '>'] : ['DESC', '<'];
    if (of.after) {
      const at = `${bind(new Date(of.after.startedAtMs).toISOString())}::timestamptz`;
      // The first clause says nothing new; it is what lets whole months be left out.
      wanted.push(`started_at ${beyond}= ${at}`, `(started_at, run_id) ${beyond} (${at}, ${bind(of.after.runId)})`);
    }
    const { rows } = await this.database.pool.query<Row>(
      `SELECT ${COLUMNS} FROM logs.finished_runs WHERE ${wanted.join(' AND ')}
       ORDER BY started_at ${direction}, run_id ${direction} LIMIT ${bind(of.limit)}`,
      values,
    );
    return rows.map(runOf);
  }

  /** How often each workflow ran, up to `RUNS_COUNTED_MAX`, and when last; those that never did are absent. */
  async activity(
    workspaceId: string,
    workflowIds: readonly string[],
  ): Promise<Map<string, { runCount: number; lastRunAt: string }>> {
    if (workflowIds.length === 0 || !(await this.exist())) return new Map();
    const { rows } = await this.database.pool.query<{ id: string; count: number; last: Date }>(
      `SELECT id, runs.count, runs.last FROM unnest($2::text[]) AS id CROSS JOIN LATERAL (
         SELECT count(*)::int AS count, max(started_at) AS last FROM (
           SELECT started_at FROM logs.finished_runs WHERE workspace_id = $1 AND workflow_id = id
           ORDER BY started_at DESC, run_id DESC LIMIT ${RUNS_COUNTED_MAX}) AS counted) AS runs
       WHERE runs.count > 0`,
      [workspaceId, workflowIds],
    );
    return new Map(rows.map(({ id, count, last }) => [id, { runCount: count, lastRunAt: last.toISOString() }]));
  }

  private async exist(): Promise<boolean> {
    if (this.isThere) return true;
    const { rows } = await this.database.pool.query<{ there: boolean }>(
      `SELECT to_regclass('logs.finished_runs') IS NOT NULL AS there`,
    );
    this.isThere = rows[0]?.there === true;
    if (!this.isThere && !this.isMissed) {
      this.isMissed = true;
      this.log.warn(
        'no finished runs can be listed: the logs service has not started, or its DATABASE_URL is another than here',
      );
    }
    return this.isThere;
  }
}

function runOf(row: Row): FinishedRun {
  const { runId, status, trigger, startedAt, endedAt } = row;
  const [durationMs, costMicros] = [Number(row.durationMs), Number(row.costMicros)];
  return { runId, status, trigger, startedAt, endedAt, durationMs, costMicros };
}
