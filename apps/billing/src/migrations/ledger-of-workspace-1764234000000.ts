import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A workspace key walks all usage of its workspace, newest first, whoever pays (contract B6). */
export class LedgerOfWorkspace1764234000000 implements MigrationInterface {
  readonly name = 'LedgerOfWorkspace1764234000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX ledger_workspace_admitted ON billing.ledger (workspace_id, admitted_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX billing.ledger_workspace_admitted`);
  }
}
