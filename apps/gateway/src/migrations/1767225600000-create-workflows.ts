import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `input_schema` and `runner` are text, not jsonb: they give back what was stored to the byte and take escapes that
 * jsonb refuses. Columns that end in `_sealed` hold envelopes of api-key's `sealText`.
 */
export class CreateWorkflows1767225600000 implements MigrationInterface {
  name = 'CreateWorkflows1767225600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE workflows (
        id text PRIMARY KEY,
        workspace_id text NOT NULL,
        name text NOT NULL,
        description text,
        runner_kind text NOT NULL CHECK (runner_kind IN ('expression', 'http')),
        expression text,
        url text,
        timeout_ms integer,
        header_names text[] NOT NULL DEFAULT '{}',
        headers_sealed text,
        signing_sealed text,
        input_schema text,
        draft_revision integer NOT NULL DEFAULT 1,
        deployment_id text,
        deployed_revision integer,
        deployed_at timestamptz(3),
        created_by text NOT NULL,
        created_at timestamptz(3) NOT NULL,
        updated_at timestamptz(3) NOT NULL,
        CHECK ((runner_kind = 'expression') = (expression IS NOT NULL)),
        CHECK ((runner_kind = 'http') = (url IS NOT NULL)),
        CHECK ((deployment_id IS NULL) = (deployed_at IS NULL))
      )`);
    await runner.query(`CREATE INDEX workflows_of_workspace ON workflows (workspace_id, created_at, id)`);
    await runner.query(`
      CREATE TABLE deployments (
        id text PRIMARY KEY,
        workflow_id text NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
        runner text NOT NULL,
        input_schema text,
        headers_sealed text,
        signing_sealed text,
        deployed_by text NOT NULL,
        deployed_at timestamptz(3) NOT NULL
      )`);
    await runner.query(`CREATE INDEX deployments_of_workflow ON deployments (workflow_id, deployed_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE deployments`);
    await runner.query(`DROP TABLE workflows`);
  }
}
