import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Runs that ended, as other services may read them: the gateway shows them beside those that still go on. */
export class FinishedRuns1764234000000 implements MigrationInterface {
  name = 'FinishedRuns1764234000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE VIEW logs.finished_runs AS
        SELECT run_id, workspace_id, workflow_id, status, trigger, started_at, ended_at, duration_ms, cost_micros
        FROM logs.run_log;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP VIEW logs.finished_runs`);
  }
}
