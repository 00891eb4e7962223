import { Injectable } from '@nestjs/common';
import type { Trigger } from '@tollgate/contracts';
import { GatewayDatabase } from '../gateway-database.js';

/** A queued run that has not ended, or has so lately that it may not be in the log yet. */
export interface OpenRun {
  runId: string;
  state: 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';
  trigger: Trigger;
  /** When it started; while it waits, when it was queued. */
  startedAt: Date;
  endedAt: Date | null;
  durationMs: number | null;
  costMicros: number | null;
}

export interface OpenRunsRequest {
  workflowId: string;
  order: 'asc' | 'desc';
  after?: { startedAtMs: number; runId: string } | undefined;
  limit: number;
}

/** A run that ended is in the log within two seconds of its end; this is more. */
const LOGGED_WITHIN = "interval '10 seconds'";

/** What the queue knows of a workflow's runs and the log does not yet. */
@Injectable()
export class OpenRuns {
  constructor(private readonly database: GatewayDatabase) {}

  async page({ workflowId, order, after, limit }: OpenRunsRequest): Promise<OpenRun[]> {
    const [direction, beyond] = order === 'asc' ? ['ASC', '>'] : ['DESC', '<'];
    const { rows } = await this.database.pool.query<OpenRun & { durationMs: string | null; costMicros: string | null }>(
      `SELECT * FROM (
         SELECT run_id AS "runId", state, ordered::jsonb ->> 'trigger' AS trigger,
           coalesce(started_at, ended_at, queued_at) AS "startedAt", ended_at AS "endedAt",
           duration_ms AS "durationMs", cost_micros AS "costMicros"
         FROM jobs WHERE workflow_id = $1
           AND (state IN ('queued', 'running') OR ended_at > now() - ${LOGGED_WITHIN})) AS open
       WHERE $3::text IS NULL OR ("startedAt", "runId") ${beyond} ($2::timestamptz, $3)
       ORDER BY "startedAt" ${direction}, "runId" ${direction} LIMIT $4`,
      [workflowId, after ? new Date(after.startedAtMs).toISOString() : null, after?.runId ?? null, limit],
    );
    return rows.map((row) => ({
      ...row,
      durationMs: row.durationMs === null ? null : Number(row.durationMs),
      costMicros: row.costMicros === null ? null : Number(row.costMicros),
    }));
  }
}
