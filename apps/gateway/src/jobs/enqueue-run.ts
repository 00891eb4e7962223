import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Admission, type BucketState } from '@tollgate/access';
import { inPgTransaction } from '@tollgate/event-log';
import { faultOf, Log } from '@tollgate/service-kit';
import type { AdmittedRun } from '../execute/admitted-run.js';
import { AdmitRun } from '../execute/admit-run.js';
import { GatewayDatabase } from '../gateway-database.js';
import { type RefusedRun, refused } from '../runs/run-refusal.js';
import type { RunOrder } from '../runs/run-workflow.js';
import { JOB_TIMEOUT_MS_MAX, JobQueue } from './job-queue.js';
import type { JobOrder } from './job.js';
import { JobPump } from './job-pump.js';

/** Most runs of one payer that may wait at a time. */
export const QUEUED_MAX = 10_000;
const QUEUED_MAX_RETRY_SECONDS = 60;
const UNIQUE_VIOLATION = '23505';

/** A run that will run: it is in the queue, durably. */
export interface QueuedRun {
  admitted: true;
  jobId: string;
  runId: string;
  queuedAt: Date;
  rate: BucketState | null;
}

/**
 * Admits a run and queues it (contract A1 row 8, B3.1 async). When it answers `admitted`, the run survives the death of any
 * gateway and is billed and logged exactly once. Its token and its part of the budget are taken now, its place among the running
 * only while it runs. Payer, rule and price are those of now, and what is admitted stays admitted: a key that is revoked or a
 * person who is suspended afterwards does not stop it (docs/decisions). `mode.stage` is always `queue`.
 */
@Injectable()
export class EnqueueRun {
  constructor(
    private readonly admitRun: AdmitRun,
    private readonly admission: Admission,
    private readonly database: GatewayDatabase,
    private readonly queue: JobQueue,
    private readonly pump: JobPump,
    private readonly log: Log,
  ) {}

  async enqueue(order: RunOrder): Promise<QueuedRun | RefusedRun> {
    const mode = { trigger: 'api' as const, bucket: 'sync' as const, ...order.mode, stage: 'queue' as const };
    if (mode.fixed?.again) {
      const before = await this.database.pool.query<ExistingRow>(BY_EVENT_KEY, [mode.fixed.eventKey]);
      if (before.rows[0]) return existing(before, null);
    }
    const run = await this.admitRun.admit(order.caller, order.workflowId, order.asked, order.client, mode);
    if (!run.admitted) return run;
    const answer = await this.write(run, order).catch((error: Error & { constraint?: string; code?: string }) => {
      if (error.code === UNIQUE_VIOLATION && error.constraint === 'jobs_claimed_by_payer') {
        return refused({ kind: 'runIdUsed', runId: run.runId });
      }
      this.log.error('a run could not be queued', { runId: run.runId, fault: faultOf(error) });
      return refused({ kind: 'notQueued' });
    });
    if (answer.admitted) this.pump.wake();
    else void this.admission.finish(run.runId, run.party.payerUserId, 0);
    return answer;
  }

  private write(run: AdmittedRun, { asked, client }: RunOrder): Promise<QueuedRun | RefusedRun> {
    const { party, runId, rate } = run;
    const { payerUserId } = party;
    const queuedAt = new Date(run.startedAtMs);
    return inPgTransaction(this.database.pool, 'BEGIN', async (sql) => {
      const { rows: waiting } = await sql.query<{ count: string }>(
        `SELECT count(*) FROM (SELECT FROM jobs WHERE payer_user_id = $1 AND state = 'queued' LIMIT $2) AS waiting`,
        [payerUserId, QUEUED_MAX],
      );
      if (Number(waiting[0]?.count) >= QUEUED_MAX) {
        return refused({ kind: 'tooManyConcurrent', rate, retryAfterSeconds: QUEUED_MAX_RETRY_SECONDS });
      }
      const jobId = randomUUID();
      const values = [
        jobId,
        runId,
        run.eventKey,
        run.claimed,
        party.workflow.workspaceId,
        party.workflowId,
        payerUserId,
      ];
      const { rowCount } = await sql.query(
        `INSERT INTO jobs (id, run_id, event_key, claimed, workspace_id, workflow_id, payer_user_id, base_micros, ordered,
           input, state, queued_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued', $11)
         ON CONFLICT (event_key) DO NOTHING`,
        [...values, run.baseMicros, JSON.stringify(orderOf(run, client)), asked.inputJson, queuedAt],
      );
      if (rowCount === 0) return existing(await sql.query(BY_EVENT_KEY, [run.eventKey]), rate);
      await this.queue.send(sql, jobId, payerUserId);
      return { admitted: true as const, jobId, runId, queuedAt, rate };
    });
  }
}

interface ExistingRow {
  id: string;
  run_id: string;
  queued_at: Date;
}

const BY_EVENT_KEY = 'SELECT id, run_id, queued_at FROM jobs WHERE event_key = $1';

/** The same request was queued before, by a gateway that was lost before it could say so. */
function existing({ rows }: { rows: ExistingRow[] }, rate: BucketState | null): QueuedRun {
  const [row] = rows;
  if (!row) throw new Error('the run that was queued before is gone');
  return { admitted: true, jobId: row.id, runId: row.run_id, queuedAt: row.queued_at, rate };
}

function orderOf(run: AdmittedRun, client: JobOrder['client']): JobOrder {
  const { party } = run;
  return {
    eventKey: run.eventKey,
    claimed: run.claimed,
    trigger: run.trigger,
    partyJson: party.json,
    actorUserId: party.actorUserId,
    payerUserId: party.payerUserId,
    payerRule: party.payerRule,
    // The schema of the input is for those who call; it may be large.
    deployment: { ...run.deployment, inputSchema: null },
    priceId: run.priceId,
    baseMicros: run.baseMicros,
    timeoutMs: Math.min(run.timeoutMs, JOB_TIMEOUT_MS_MAX),
    admittedAtMs: run.startedAtMs,
    client,
  };
}
