import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The runs of a workflow that wait, go on or ended lately, for those who list its runs. */
export class OpenJobs1767400000000 implements MigrationInterface {
  name = 'OpenJobs1767400000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX jobs_of_workflow ON jobs (workflow_id, ended_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX jobs_of_workflow`);
  }
}
