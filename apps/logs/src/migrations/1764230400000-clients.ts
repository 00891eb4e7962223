import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which program made a run, by name and version, beside the headers that say so. */
export class Clients1764230400000 implements MigrationInterface {
  name = 'Clients1764230400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE logs.run_log ADD COLUMN client_name text, ADD COLUMN client_version text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE logs.run_log DROP COLUMN client_name, DROP COLUMN client_version`);
  }
}
