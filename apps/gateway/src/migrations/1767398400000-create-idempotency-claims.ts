import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What calls with an `Idempotency-Key` claimed, and what they were answered. Only such calls ask it. */
export class CreateIdempotencyClaims1767398400000 implements MigrationInterface {
  name = 'CreateIdempotencyClaims1767398400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE idempotency_claims (
        key_id text NOT NULL,
        workflow_id text NOT NULL,
        idempotency_key text COLLATE "C" NOT NULL,
        fingerprint text NOT NULL,
        run_id text NOT NULL,
        event_key text NOT NULL,
        holder text NOT NULL,
        held_until timestamptz(3) NOT NULL,
        claimed_at timestamptz(3) NOT NULL,
        status integer,
        headers text,
        content_type text,
        body text,
        PRIMARY KEY (key_id, workflow_id, idempotency_key)
      )`);
    await runner.query(`CREATE INDEX idempotency_claims_age ON idempotency_claims (claimed_at)`);
    await runner.query(`CREATE INDEX idempotency_claims_held ON idempotency_claims (holder) WHERE status IS NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE idempotency_claims`);
  }
}
