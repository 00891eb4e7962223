import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * When a run was admitted, where that was not when it started: a queued one. The ledger dates a run by that instant, so the
 * view that is compared with it does too; it shows the start as well, by which the run log is partitioned.
 */
export class AdmittedAt1764240000000 implements MigrationInterface {
  name = 'AdmittedAt1764240000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE logs.run_log ADD COLUMN admitted_at timestamptz(3);
      CREATE OR REPLACE VIEW logs.billable_runs AS
        SELECT run_id COLLATE "default" AS run_id, payer_user_id, coalesce(admitted_at, started_at)::timestamptz AS admitted_at,
               cost_micros, position, event_id, started_at
        FROM logs.run_log WHERE billable;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP VIEW logs.billable_runs;
      CREATE VIEW logs.billable_runs AS
        SELECT run_id COLLATE "default" AS run_id, payer_user_id, started_at::timestamptz AS admitted_at, cost_micros,
               position, event_id
        FROM logs.run_log WHERE billable;
      ALTER TABLE logs.run_log DROP COLUMN admitted_at`);
  }
}
