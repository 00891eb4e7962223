import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * When each run was recorded, for billing's reconciliation alone: a run whose bill is not there yet may be too young to
 * judge. It is kept beside the run log and not in it, which must come out the same to the letter when it is rebuilt.
 */
export class RunArrivals1764201600000 implements MigrationInterface {
  name = 'RunArrivals1764201600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE logs.run_ids ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT now();
      CREATE VIEW logs.run_arrivals AS SELECT event_id, recorded_at FROM logs.run_ids;
      CREATE OR REPLACE VIEW logs.billable_runs AS
        SELECT run_id COLLATE "default" AS run_id, payer_user_id, started_at::timestamptz AS admitted_at, cost_micros,
               position, event_id
        FROM logs.run_log WHERE billable;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP VIEW logs.billable_runs, logs.run_arrivals;
      CREATE VIEW logs.billable_runs AS
        SELECT run_id COLLATE "default" AS run_id, payer_user_id, started_at::timestamptz AS admitted_at, cost_micros, position
        FROM logs.run_log WHERE billable;
      ALTER TABLE logs.run_ids DROP COLUMN recorded_at`);
  }
}
