import { Injectable } from '@nestjs/common';
import { Admission } from '@tollgate/access';
import { inPgTransaction } from '@tollgate/event-log';
import { GatewayDatabase } from '../gateway-database.js';
import type { RecordedRun } from '../execute/run-recorder.js';
import type { RunResult } from '../workflow-runner.js';
import { type Delivery, JobQueue } from './job-queue.js';
import { type JobRow, orderOf } from './job.js';
import { RunArchive } from '@tollgate/access';

export interface EndedJob extends RunResult, RecordedRun {
  costMicros: number;
}

/** Says in the jobs table how a queued run ended, and to the queue that it is done. The first word counts. */
@Injectable()
export class JobEnds {
  constructor(
    private readonly database: GatewayDatabase,
    private readonly queue: JobQueue,
    private readonly archive: RunArchive,
    private readonly admission: Admission,
  ) {}

  /** A run that is in the spool already: bill and log have it whatever happens here. */
  async end(delivery: Delivery, ended: EndedJob): Promise<void> {
    await inPgTransaction(this.database.pool, 'BEGIN', async (sql) => {
      await sql.query(
        `UPDATE jobs SET state = $2, ended_at = $3, started_at = $4, duration_ms = $5, cost_micros = $6, output = $7,
           error = $8, runner = NULL, input = '{}'
         WHERE id = $1 AND state IN ('queued', 'running')`,
        [
          delivery.jobId,
          ended.status,
          ended.endedAt,
          ended.startedAt,
          ended.durationMs,
          ended.costMicros,
          ended.outputJson,
          ended.error === undefined ? null : JSON.stringify(ended.error),
        ],
      );
      await this.queue.done(delivery, sql);
    });
  }

  /** Whether the run, begun before by a gateway that was lost, is in the log of runs: then that is how it ended. */
  async adopt(delivery: Delivery, row: JobRow): Promise<boolean> {
    const order = orderOf(row);
    const of = { workspaceId: row.workspace_id, runId: row.run_id, payerUserId: order.payerUserId };
    const found = await this.archive.find(of).catch(() => undefined);
    if (!found || found.workflowId !== row.workflow_id || Date.parse(found.startedAt) < order.admittedAtMs)
      return false;
    if (found.status === 'refused') return false;
    await this.end(delivery, {
      status: found.status,
      outputJson: JSON.stringify(found.output ?? null),
      ...(found.error && { error: found.error }),
      runnerMicros: found.costMicros - order.baseMicros,
      startedAt: found.startedAt,
      endedAt: found.endedAt,
      durationMs: found.durationMs,
      costMicros: found.costMicros,
    });
    void this.admission.finish(row.run_id, order.payerUserId, found.costMicros);
    return true;
  }
}
