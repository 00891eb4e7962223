import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Approvals of command-line logins. Neither the request's id nor the CLI's secret is kept: a digest of each. */
export class Pairing1767225600000 implements MigrationInterface {
  name = 'Pairing1767225600000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE cli_pairing (
        request_digest text PRIMARY KEY, challenge text NOT NULL, approved_by text NOT NULL REFERENCES person (id),
        workspace_id text REFERENCES workspace (id), is_bound boolean NOT NULL, approved_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL, key_id text REFERENCES api_key (id),
        CHECK (NOT is_bound OR workspace_id IS NOT NULL));
      CREATE INDEX cli_pairing_waiting ON cli_pairing (approved_by) WHERE key_id IS NULL;
      CREATE INDEX cli_pairing_expiry ON cli_pairing (expires_at);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE cli_pairing');
  }
}
