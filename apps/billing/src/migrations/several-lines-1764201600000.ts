import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A log may have several lines of positions (Kafka's partitions), and all events of one payer are in one of them. So each
 * payer's total says itself how far it counts, and how far the ledger goes is told by the meter's checkpoints. When a row
 * entered is for the reconciliation alone: it is in no report, which must come out the same when it is rebuilt.
 */
export class SeveralLines1764201600000 implements MigrationInterface {
  readonly name = 'SeveralLines1764201600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE billing.ledger ADD COLUMN entered_at timestamptz NOT NULL DEFAULT now()`);
    await runner.query(`ALTER TABLE billing.payer_periods ADD COLUMN position bigint NOT NULL DEFAULT 0`);
    await runner.query(`UPDATE billing.payer_periods SET position = coalesce((SELECT position FROM billing.meter), 0)`);
    await runner.query(`ALTER TABLE billing.meter DROP COLUMN position`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE billing.meter ADD COLUMN position bigint NOT NULL DEFAULT 0`);
    await runner.query(
      `UPDATE billing.meter SET position = coalesce((SELECT max(position) FROM billing.payer_periods), 0)`,
    );
    await runner.query(`ALTER TABLE billing.payer_periods DROP COLUMN position`);
    await runner.query(`ALTER TABLE billing.ledger DROP COLUMN entered_at`);
  }
}
