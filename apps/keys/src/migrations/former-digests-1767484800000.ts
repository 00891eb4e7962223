import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a key was known by under earlier peppers: a revocation has to be said of these, too. */
export class FormerDigests1767484800000 implements MigrationInterface {
  name = 'FormerDigests1767484800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE api_key ADD COLUMN former_digests text[] NOT NULL DEFAULT '{}'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE api_key DROP COLUMN former_digests');
  }
}
