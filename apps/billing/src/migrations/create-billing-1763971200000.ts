import { checkpointTableSql } from '@tollgate/event-log';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Ids and names are compared byte by byte (`COLLATE "C"`), so that a report's order does not depend on the server's
 * locale. All tables but `prices` are a fold of the usage log: they may be emptied, and the meter fills them again.
 */
export class CreateBilling1763971200000 implements MigrationInterface {
  readonly name = 'CreateBilling1763971200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE billing.ledger (
        event_id text COLLATE "C" PRIMARY KEY,
        run_id text COLLATE "C" NOT NULL,
        position bigint NOT NULL,
        payer_user_id text COLLATE "C" NOT NULL,
        payer_rule text NOT NULL,
        workspace_id text COLLATE "C" NOT NULL,
        workspace_name text COLLATE "C" NOT NULL,
        workflow_id text COLLATE "C" NOT NULL,
        workflow_name text COLLATE "C" NOT NULL,
        key_id text COLLATE "C",
        key_name text COLLATE "C",
        key_kind text,
        actor_user_id text COLLATE "C",
        trigger text NOT NULL,
        price_id text COLLATE "C" NOT NULL,
        admitted_at timestamptz NOT NULL,
        duration_ms bigint NOT NULL CHECK (duration_ms >= 0),
        base_micros bigint NOT NULL CHECK (base_micros >= 0),
        runner_micros bigint NOT NULL CHECK (runner_micros >= 0),
        cost_micros bigint NOT NULL CHECK (cost_micros = base_micros + runner_micros)
      )`);
    await runner.query(`CREATE INDEX ledger_payer_admitted ON billing.ledger (payer_user_id, admitted_at)`);
    // Rows come nearly in the order of their time: a few kilobytes are index enough for a reconciliation of everybody.
    await runner.query(
      `CREATE INDEX ledger_admitted ON billing.ledger USING brin (admitted_at) WITH (autosummarize = on)`,
    );
    await runner.query(`
      CREATE TABLE billing.payer_periods (
        payer_user_id text COLLATE "C" NOT NULL,
        period text COLLATE "C" NOT NULL,
        requests bigint NOT NULL,
        duration_ms bigint NOT NULL,
        cost_micros bigint NOT NULL,
        PRIMARY KEY (period, payer_user_id)
      )`);
    await runner.query(checkpointTableSql('billing.checkpoints'));
    await runner.query(`
      CREATE TABLE billing.meter (
        one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
        position bigint NOT NULL,
        event_at timestamptz NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE billing.prices (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        price_id text COLLATE "C" NOT NULL GENERATED ALWAYS AS ('price-' || lpad(number::text, 8, '0')) STORED UNIQUE,
        effective_from timestamptz NOT NULL,
        base_per_run_micros bigint NOT NULL CHECK (base_per_run_micros >= 0),
        announced_at timestamptz NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE billing.ledger, billing.payer_periods, billing.checkpoints, billing.meter, billing.prices`,
    );
  }
}
