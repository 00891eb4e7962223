import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A run id that a caller chose is used once by its payer; that others use the same is not his business. */
export class ClaimsOfPayers1767400100000 implements MigrationInterface {
  name = 'ClaimsOfPayers1767400100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE UNIQUE INDEX jobs_claimed_by_payer ON jobs (payer_user_id, run_id) WHERE claimed`);
    await runner.query(`DROP INDEX jobs_claimed_run`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE UNIQUE INDEX jobs_claimed_run ON jobs (run_id) WHERE claimed`);
    await runner.query(`DROP INDEX jobs_claimed_by_payer`);
  }
}
