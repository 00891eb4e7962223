import { Injectable } from '@nestjs/common';
import { Admission } from '@tollgate/access';
import { inPgTransaction } from '@tollgate/event-log';
import { Clock } from '@tollgate/service-kit';
import { RunRecorder } from '../execute/run-recorder.js';
import { GatewayDatabase } from '../gateway-database.js';
import { LiveRuns } from '../runs/live-runs.js';
import { JOB_COLUMNS, type JobRow, orderOf, runOf } from './job.js';
import { JobQueue } from './job-queue.js';
import { RunJob } from './run-job.js';

type RemovedRow = JobRow & { input: string };

/**
 * `cancelled`: it waited and will not run. `cancelling`: it runs, and ends within about a second. `ended`: too late.
 * `unknown`: no such run of this workflow waits or runs; it may be in the log.
 */
export type Cancelling = 'cancelled' | 'cancelling' | 'ended' | 'unknown';

/**
 * Ends a run that waits or goes on, on whichever gateway (a run that its caller waits for: on this one). A waiting run is
 * logged as cancelled at no cost; one that runs is logged as cancelled and billed as started. Safe to repeat. Whether the
 * caller may do it is decided before.
 */
@Injectable()
export class CancelRun {
  constructor(
    private readonly database: GatewayDatabase,
    private readonly queue: JobQueue,
    private readonly runJob: RunJob,
    private readonly live: LiveRuns,
    private readonly recorder: RunRecorder,
    private readonly admission: Admission,
    private readonly clock: Clock,
  ) {}

  async cancel(workflowId: string, runId: string): Promise<Cancelling> {
    const live = this.live.find(workflowId, runId);
    if (live) {
      live.cancel();
      return 'cancelling';
    }
    const removed = await this.remove(workflowId, runId);
    if (removed) {
      await this.recordRemoved(removed);
      return 'cancelled';
    }
    const { rows } = await this.database.pool.query<{ state: string }>(
      `WITH newest AS (SELECT id FROM jobs WHERE run_id = $1 AND workflow_id = $2 ORDER BY queued_at DESC LIMIT 1)
       UPDATE jobs SET cancel_requested = cancel_requested OR state = 'running' FROM newest WHERE jobs.id = newest.id
       RETURNING state`,
      [runId, workflowId],
    );
    if (!rows[0]) return 'unknown';
    if (rows[0].state !== 'running') return 'ended';
    await this.runJob.cancelAsked();
    return 'cancelling';
  }

  private remove(workflowId: string, runId: string): Promise<RemovedRow | undefined> {
    return inPgTransaction(this.database.pool, 'BEGIN', async (sql) => {
      const { rows } = await sql.query<RemovedRow>(
        `UPDATE jobs SET state = 'cancelled', ended_at = $3, duration_ms = 0, cost_micros = 0,
           error = '{"code":"CANCELLED","message":"Execution was cancelled"}'
         WHERE id = (SELECT id FROM jobs WHERE run_id = $1 AND workflow_id = $2 AND state = 'queued'
           ORDER BY queued_at DESC LIMIT 1 FOR UPDATE) AND state = 'queued' RETURNING ${JOB_COLUMNS}, input`,
        [runId, workflowId, this.clock.now()],
      );
      if (rows[0]) await this.queue.drop(rows[0].id, sql);
      return rows[0];
    });
  }

  private async recordRemoved(row: RemovedRow): Promise<void> {
    const run = runOf(row, this.clock.nowMs());
    void this.admission.finish(run.runId, run.party.payerUserId, 0);
    await this.recorder.recordRemoved(run, row.input, orderOf(row).client);
  }
}
