import type { MigrationInterface, QueryRunner } from 'typeorm';
import { checkpointTableSql } from '@tollgate/event-log';

/**
 * The run log and what it is kept beside.
 *
 * `run_log` is partitioned by month (UTC) of `started_at`; `partitions.ts` makes the months. A primary key of a partitioned
 * table must hold the partition's column, so it cannot promise one row per event: `run_ids` does. It is also how a run is
 * found by its id without asking every month. The key begins with the run, so that no page is ever walked along it past
 * the runs of other workspaces.
 *
 * Input, output and error are JSON kept as text: they are only ever read whole, and PostgreSQL's own JSON types refuse
 * texts that JSON allows (NUL, deep nesting), which would stop the recorder at such a run.
 */
export class RunLog1764000000000 implements MigrationInterface {
  name = 'RunLog1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(checkpointTableSql('logs.checkpoints'));
    await runner.query(`
      CREATE TABLE logs.run_ids (
        event_id text COLLATE "C" PRIMARY KEY,
        run_id text COLLATE "C" NOT NULL,
        workspace_id text NOT NULL,
        started_at timestamptz(3) NOT NULL
      );
      CREATE INDEX run_ids_run ON logs.run_ids (run_id, started_at);

      CREATE TABLE logs.run_log (
        event_id text COLLATE "C" NOT NULL,
        started_at timestamptz(3) NOT NULL,
        run_id text COLLATE "C" NOT NULL,
        position bigint NOT NULL,
        workspace_id text NOT NULL,
        workspace_name text NOT NULL,
        workflow_id text NOT NULL,
        workflow_name text NOT NULL,
        deployment_version_id text,
        key_id text,
        key_name text,
        key_kind text,
        actor_user_id text,
        payer_user_id text NOT NULL,
        trigger text NOT NULL,
        level text NOT NULL,
        status text NOT NULL,
        billable boolean NOT NULL,
        ended_at timestamptz(3) NOT NULL,
        duration_ms bigint NOT NULL,
        cost_micros bigint NOT NULL,
        request_id text NOT NULL,
        user_agent text,
        client_info text,
        created_at timestamptz(3) NOT NULL,
        input text NOT NULL,
        output text NOT NULL,
        error text,
        PRIMARY KEY (workspace_id, started_at, run_id, event_id)
      ) PARTITION BY RANGE (started_at);

      -- The primary key gives the pages of a workspace; these those of its errors and of one workflow, in the same order.
      CREATE INDEX run_log_errors ON logs.run_log (workspace_id, started_at, run_id) WHERE level = 'error';
      CREATE INDEX run_log_workflow ON logs.run_log (workspace_id, workflow_id, started_at, run_id);
      -- Billing's reconciliation.
      CREATE INDEX run_log_payer ON logs.run_log (payer_user_id, started_at) WHERE billable;

      -- Times that only a broken clock gives: kept, but they make no partitions.
      CREATE TABLE logs.run_log_before PARTITION OF logs.run_log
        FOR VALUES FROM (MINVALUE) TO ('2020-01-01 00:00:00+00');
      CREATE TABLE logs.run_log_after PARTITION OF logs.run_log
        FOR VALUES FROM ('2100-01-01 00:00:00+00') TO (MAXVALUE);

      -- What a bill must equal. The collation is the database's own, so that other schemas can join by run.
      CREATE VIEW logs.billable_runs AS
        SELECT run_id COLLATE "default" AS run_id, payer_user_id, started_at::timestamptz AS admitted_at, cost_micros, position
        FROM logs.run_log WHERE billable;

      CREATE TABLE logs.workflows (
        workflow_id text PRIMARY KEY,
        workspace_id text NOT NULL,
        name text NOT NULL,
        description text,
        created_by text,
        created_at timestamptz(3) NOT NULL,
        updated_at timestamptz(3) NOT NULL,
        deleted boolean NOT NULL,
        position bigint NOT NULL
      );

      CREATE TABLE logs.deployments (
        deployment_version_id text PRIMARY KEY,
        workflow_id text NOT NULL,
        name text NOT NULL,
        deployed_at timestamptz(3) NOT NULL,
        runner text NOT NULL,
        input_schema text
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP VIEW logs.billable_runs;
      DROP TABLE logs.run_log, logs.run_ids, logs.workflows, logs.deployments, logs.checkpoints`);
  }
}
