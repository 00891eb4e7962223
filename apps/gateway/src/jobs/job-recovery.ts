import { Injectable } from '@nestjs/common';
import { Admission } from '@tollgate/access';
import { Clock } from '@tollgate/service-kit';
import { GatewayDatabase } from '../gateway-database.js';
import { GatewayIdentity } from './gateway-identity.js';
import { JobQueue } from './job-queue.js';

/** How long a queued run can be asked about after its end (contract B3.4). */
export const JOB_KEPT_MS = 24 * 60 * 60 * 1000;
const SWEEP_ROWS_MAX = 1_000;
/** Reservations that are read back at a start. */
const HELD_MAX = 100_000;

/** What the queue needs when a gateway starts, and what is swept while it runs. */
@Injectable()
export class JobRecovery {
  constructor(
    private readonly database: GatewayDatabase,
    private readonly queue: JobQueue,
    private readonly identity: GatewayIdentity,
    private readonly admission: Admission,
    private readonly clock: Clock,
  ) {}

  /**
   * What a killed process of this gateway was running is handed out again at once, and the waiting runs hold their parts of
   * the budgets again, which counters in memory have forgotten.
   */
  async recover(): Promise<void> {
    const { rows: lost } = await this.database.pool.query<{ id: string }>(
      `SELECT id FROM jobs WHERE state = 'running' AND runner = $1`,
      [this.identity.id],
    );
    await this.queue.giveBackAll(lost.map(({ id }) => id));
    const { rows: held } = await this.database.pool.query<{
      run_id: string;
      payer_user_id: string;
      base_micros: string;
    }>(`SELECT run_id, payer_user_id, base_micros FROM jobs WHERE state = 'queued' LIMIT $1`, [HELD_MAX]);
    for (const { run_id, payer_user_id, base_micros } of held) {
      void this.admission.finish(run_id, payer_user_id, Number(base_micros));
    }
  }

  /** Forgets runs that ended more than a day ago; what they did is in the log. */
  async sweep(): Promise<number> {
    const before = new Date(this.clock.nowMs() - JOB_KEPT_MS);
    const { rowCount } = await this.database.pool.query(
      `DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE ended_at < $1 LIMIT $2)`,
      [before, SWEEP_ROWS_MAX],
    );
    return rowCount ?? 0;
  }
}
