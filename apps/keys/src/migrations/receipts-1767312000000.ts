import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Receipts (contract A1 row 3); `events` only while some gateway is pending, for asking again. */
export class Receipts1767312000000 implements MigrationInterface {
  name = 'Receipts1767312000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE receipt (
        position bigint PRIMARY KEY, actor_id text NOT NULL, committed_at timestamptz NOT NULL,
        confirmed_at timestamptz, gateways jsonb NOT NULL, fenced jsonb NOT NULL, pending jsonb NOT NULL, events jsonb);
      CREATE INDEX receipt_pending ON receipt (position) WHERE confirmed_at IS NULL;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE receipt');
  }
}
