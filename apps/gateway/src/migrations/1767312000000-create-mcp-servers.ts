import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which workflows a workspace offers as MCP tools, and in which order. */
export class CreateMcpServers1767312000000 implements MigrationInterface {
  name = 'CreateMcpServers1767312000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE mcp_servers (
        id text PRIMARY KEY,
        workspace_id text NOT NULL,
        name text NOT NULL,
        description text,
        is_public boolean NOT NULL,
        created_by text NOT NULL,
        created_at timestamptz(3) NOT NULL,
        updated_at timestamptz(3) NOT NULL
      )`);
    await runner.query(`CREATE INDEX mcp_servers_of_workspace ON mcp_servers (workspace_id, created_at, id)`);
    await runner.query(`
      CREATE TABLE mcp_server_workflows (
        server_id text NOT NULL REFERENCES mcp_servers (id) ON DELETE CASCADE,
        workflow_id text NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
        place integer NOT NULL,
        PRIMARY KEY (server_id, workflow_id)
      )`);
    await runner.query(`CREATE INDEX mcp_servers_of_workflow ON mcp_server_workflows (workflow_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE mcp_server_workflows`);
    await runner.query(`DROP TABLE mcp_servers`);
  }
}
