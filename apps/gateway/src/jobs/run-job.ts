import { Injectable } from '@nestjs/common';
import { Admission, Directory, runBucketIdOf } from '@tollgate/access';
import { inPgTransaction } from '@tollgate/event-log';
import { Clock } from '@tollgate/service-kit';
import { RunRecorder } from '../execute/run-recorder.js';
import { GatewayDatabase } from '../gateway-database.js';
import { cancelledRun, failedRun } from '../runner-result.js';
import { CancelSwitch } from '../runs/leaver.js';
import { LiveCall } from '../runs/live-call.js';
import { PerformRun } from '../runs/perform-run.js';
import { GatewaySpool } from '../spool/gateway-spool.js';
import { GatewayIdentity } from './gateway-identity.js';
import { type Delivery, JobQueue } from './job-queue.js';
import { JOB_COLUMNS, type JobOrder, type JobRow, orderOf, runOf } from './job.js';
import { type EndedJob, JobEnds } from './job-ends.js';

/** How often a run is begun whose gateways die over it. */
export const ATTEMPTS_MAX = 5;

const INTERRUPTED = 'The run was interrupted too often';

interface RunningJob {
  cancel: CancelSwitch;
  /** The gateway stops: the run goes back to the queue. */
  givenUp: boolean;
}

/**
 * Runs one run that the queue handed out, and says what became of it. The same run may be begun more than once, when a gateway
 * dies or stops over it, or is taken for dead: its run id and the ids of its events stay the same, so that bill and log have it
 * once. What a dead gateway recorded and shipped is found in the log of runs and not run again.
 */
@Injectable()
export class RunJob {
  private readonly running = new Map<string, RunningJob>();

  constructor(
    private readonly database: GatewayDatabase,
    private readonly queue: JobQueue,
    private readonly admission: Admission,
    private readonly directory: Directory,
    private readonly performRun: PerformRun,
    private readonly recorder: RunRecorder,
    private readonly spool: GatewaySpool,
    private readonly ends: JobEnds,
    private readonly identity: GatewayIdentity,
    private readonly clock: Clock,
  ) {}

  /** `noPlace`: its payer has as many runs under way as he may, or the spool is full; it waits on. Rejects when the run goes back for another reason. */
  async run(delivery: Delivery): Promise<'ended' | 'noPlace' | 'givenUp'> {
    try {
      const outcome = await this.begin(delivery);
      if (outcome !== 'ended') await this.queue.giveBack(delivery);
      return outcome;
    } catch (error) {
      await this.queue.giveBack(delivery).catch(() => undefined); // its silence will be noticed
      throw error;
    }
  }

  /** The gateway stops. */
  giveUpAll(): void {
    for (const job of this.running.values()) {
      job.givenUp = true;
      job.cancel.cancel();
    }
  }

  /** Ends the runs here that somebody asked to cancel, on whichever gateway. */
  async cancelAsked(): Promise<void> {
    if (this.running.size === 0) return;
    const { rows } = await this.database.pool.query<{ id: string }>(
      `SELECT id FROM jobs WHERE id = ANY ($1::uuid[]) AND cancel_requested AND state = 'running'`,
      [[...this.running.keys()]],
    );
    for (const { id } of rows) this.running.get(id)?.cancel.cancel();
  }

  private async begin(delivery: Delivery): Promise<'ended' | 'noPlace' | 'givenUp'> {
    const { rows } = await this.database.pool.query<JobRow & { input: string; cancel_requested: boolean }>(
      `SELECT ${JOB_COLUMNS}, input, cancel_requested FROM jobs WHERE id = $1 AND state IN ('queued', 'running')`,
      [delivery.jobId],
    );
    const row = rows[0];
    if (!row) {
      await this.queue.done(delivery);
      return 'ended';
    }
    if (row.attempts > 0 && (await this.ends.adopt(delivery, row))) return 'ended';
    if (!(await this.takePlace(row))) return 'noPlace';
    if (!(await this.markStarted(delivery.jobId))) {
      void this.admission.finish(row.run_id, orderOf(row).payerUserId, 0);
      await this.queue.done(delivery); // cancelled while it was handed out
      return 'ended';
    }
    return this.perform(delivery, row);
  }

  private async takePlace(row: JobRow): Promise<boolean> {
    const { payerUserId, baseMicros, claimed } = orderOf(row);
    const payer = await this.directory.read('user', payerUserId);
    const answer = await this.admission.admit({
      runId: row.run_id,
      runIdClaimed: claimed,
      payerUserId,
      plan: payer?.plan ?? 'free',
      usageLimitMicros: null,
      bucketId: runBucketIdOf(payerUserId),
      bucket: 'sync',
      reserveMicros: baseMicros,
      nowMs: this.clock.nowMs(),
      stage: 'start',
      hasRoom: this.spool.refusal(this.recorder.underWay) === undefined,
    });
    return answer.outcome === 'admitted';
  }

  private async markStarted(jobId: string): Promise<boolean> {
    const { rowCount } = await this.database.pool.query(
      `UPDATE jobs SET state = 'running', started_at = coalesce(started_at, $2), attempts = attempts + 1, runner = $3
       WHERE id = $1 AND state IN ('queued', 'running')`,
      [jobId, this.clock.now(), this.identity.id],
    );
    return rowCount === 1;
  }

  private async perform(
    delivery: Delivery,
    row: JobRow & { input: string; cancel_requested: boolean },
  ): Promise<'ended' | 'givenUp'> {
    const order = orderOf(row);
    const cancel = new CancelSwitch();
    const job: RunningJob = { cancel, givenUp: false };
    this.running.set(delivery.jobId, job);
    const run = runOf(row, this.clock.nowMs());
    const asked = { input: JSON.parse(row.input) as Record<string, unknown>, inputJson: row.input };
    const call = new LiveCall(run, asked, cancel);
    const foregone = foregoneEnd(row);
    try {
      const ended = await new Promise<EndedJob | undefined>((resolve, reject) => {
        this.performRun.perform(
          run,
          call,
          order.client,
          (fault, result, recorded) =>
            fault ? reject(fault) : resolve({ ...result, ...recorded, costMicros: cost(order, result) }),
          { keep: () => !job.givenUp || giveBackRefused(resolve), foregone },
        );
      });
      if (ended) await this.ends.end(delivery, ended);
      else await this.markWaiting(delivery.jobId);
      return ended ? 'ended' : 'givenUp';
    } finally {
      this.running.delete(delivery.jobId);
    }
  }

  /** It was given up in good order: that does not count as an attempt. */
  private async markWaiting(jobId: string): Promise<void> {
    await inPgTransaction(this.database.pool, 'BEGIN', async (sql) => {
      await sql.query(
        `UPDATE jobs SET state = 'queued', attempts = greatest(attempts - 1, 0), runner = NULL, started_at = NULL
         WHERE id = $1 AND state = 'running'`,
        [jobId],
      );
    });
  }
}

/** What is known about its end before it is run: then it is recorded, billed as started, and not run again. */
function foregoneEnd(row: JobRow & { cancel_requested: boolean }) {
  if (row.cancel_requested) return cancelledRun();
  return row.attempts >= ATTEMPTS_MAX ? failedRun(INTERRUPTED, { code: 'INTERRUPTED' }) : undefined;
}

function giveBackRefused(resolve: (ended: undefined) => void): false {
  resolve(undefined);
  return false;
}

function cost(order: JobOrder, { runnerMicros }: { runnerMicros: number }): number {
  return order.baseMicros + runnerMicros;
}
