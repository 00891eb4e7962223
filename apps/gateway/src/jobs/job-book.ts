import { Injectable } from '@nestjs/common';
import { GatewayDatabase } from '../gateway-database.js';
import { type Job, JOB_COLUMNS, jobOf, type JobRow } from './job.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Reads the queued, running and lately ended runs of the queue. Who may read them is the caller's question. */
@Injectable()
export class JobBook {
  constructor(private readonly database: GatewayDatabase) {}

  /** By the id that the 202 told as `jobId`. */
  async find(jobId: string): Promise<Job | undefined> {
    if (!UUID.test(jobId)) return undefined;
    const { rows } = await this.database.pool.query<JobRow>(`SELECT ${JOB_COLUMNS} FROM jobs WHERE id = $1`, [jobId]);
    return rows[0] && jobOf(rows[0]);
  }

  /** By the run's own id; the newest, when an id was chosen again. */
  async findRun(workflowId: string, runId: string): Promise<Job | undefined> {
    const { rows } = await this.database.pool.query<JobRow>(
      `SELECT ${JOB_COLUMNS} FROM jobs WHERE run_id = $1 AND workflow_id = $2 ORDER BY queued_at DESC LIMIT 1`,
      [runId, workflowId],
    );
    return rows[0] && jobOf(rows[0]);
  }

  /** JSON text of what an ended run put out; `null` when there is nothing. */
  async outputOf(job: Job): Promise<string> {
    const { rows } = await this.database.pool.query<{ output: string | null }>(
      `SELECT output FROM jobs WHERE id = $1`,
      [job.id],
    );
    return rows[0]?.output ?? 'null';
  }
}
