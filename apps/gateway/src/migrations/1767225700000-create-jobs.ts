import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Runs that wait in the queue, run from it, or ended less than a day ago. This table is the truth about them; pg-boss, in a
 * schema of its own, only hands their ids out. `input`, `output` and `ordered` are JSON kept as text: PostgreSQL's own JSON
 * types refuse texts that JSON allows.
 */
export class CreateJobs1767225700000 implements MigrationInterface {
  name = 'CreateJobs1767225700000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE jobs (
        id uuid PRIMARY KEY,
        run_id text COLLATE "C" NOT NULL,
        event_key text COLLATE "C" NOT NULL UNIQUE,
        claimed boolean NOT NULL,
        workspace_id text NOT NULL,
        workflow_id text NOT NULL,
        payer_user_id text NOT NULL,
        base_micros bigint NOT NULL,
        ordered text NOT NULL,
        input text NOT NULL,
        state text NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
        cancel_requested boolean NOT NULL DEFAULT false,
        attempts integer NOT NULL DEFAULT 0,
        runner text,
        queued_at timestamptz(3) NOT NULL,
        started_at timestamptz(3),
        ended_at timestamptz(3),
        duration_ms bigint,
        cost_micros bigint,
        output text,
        error text,
        CHECK ((ended_at IS NOT NULL) = (state NOT IN ('queued', 'running')))
      )`);
    await runner.query(`CREATE INDEX jobs_run ON jobs (run_id)`);
    await runner.query(`CREATE UNIQUE INDEX jobs_claimed_run ON jobs (run_id) WHERE claimed`);
    await runner.query(`CREATE INDEX jobs_waiting ON jobs (payer_user_id) WHERE state = 'queued'`);
    await runner.query(`CREATE INDEX jobs_running ON jobs (runner) WHERE state = 'running'`);
    await runner.query(`CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE jobs`);
  }
}
