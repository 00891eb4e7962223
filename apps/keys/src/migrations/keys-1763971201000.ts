import { checkpointTableSql } from '@tollgate/event-log';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The read models of keys. `person` is separate from better-auth's `user`: it is written together with its facts.
 * The partial unique indexes are the last word on names (contract A1 row 12); text compares by its bytes here.
 */
export class Keys1763971201000 implements MigrationInterface {
  name = 'Keys1763971201000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE person (
        id text PRIMARY KEY, email text NOT NULL, name text NOT NULL, plan text NOT NULL,
        usage_limit_micros bigint, suspended_at timestamptz, created_at timestamptz NOT NULL);
      CREATE INDEX person_email ON person (email);

      CREATE TABLE workspace (
        id text PRIMARY KEY, name text NOT NULL, owner_id text NOT NULL REFERENCES person (id),
        billed_account_user_id text NOT NULL REFERENCES person (id), allow_personal_api_keys boolean NOT NULL,
        created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
      CREATE INDEX workspace_owner ON workspace (owner_id);

      CREATE TABLE member (
        workspace_id text NOT NULL REFERENCES workspace (id), user_id text NOT NULL REFERENCES person (id),
        role text NOT NULL CHECK (role IN ('admin', 'write', 'read')), added_at timestamptz NOT NULL,
        PRIMARY KEY (workspace_id, user_id));
      CREATE INDEX member_user ON member (user_id, workspace_id);

      CREATE TABLE invitation (
        id text PRIMARY KEY, workspace_id text NOT NULL REFERENCES workspace (id), email text NOT NULL,
        role text NOT NULL CHECK (role IN ('admin', 'write', 'read')), token_digest text NOT NULL UNIQUE,
        invited_by text NOT NULL, created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
        accepted_at timestamptz, accepted_by text);
      CREATE UNIQUE INDEX invitation_pending ON invitation (workspace_id, email) WHERE accepted_at IS NULL;
      CREATE INDEX invitation_email ON invitation (email) WHERE accepted_at IS NULL;

      CREATE TABLE api_key (
        id text PRIMARY KEY, kind text NOT NULL, owner_id text REFERENCES person (id),
        workspace_id text REFERENCES workspace (id), created_by text NOT NULL, name text NOT NULL,
        sealed_key text UNIQUE, digest text NOT NULL UNIQUE, display_key text NOT NULL, last_used_at timestamptz,
        created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, expires_at timestamptz,
        revoked_at timestamptz, revoked_by text,
        CONSTRAINT api_key_owner CHECK (
          kind = 'personal' AND owner_id IS NOT NULL AND workspace_id IS NULL OR
          kind = 'workspace' AND owner_id IS NULL AND workspace_id IS NOT NULL),
        CONSTRAINT api_key_sealed CHECK ((sealed_key IS NULL) = (revoked_at IS NOT NULL)));
      CREATE UNIQUE INDEX api_key_personal_name ON api_key (owner_id, name)
        WHERE kind = 'personal' AND revoked_at IS NULL;
      CREATE UNIQUE INDEX api_key_workspace_name ON api_key (workspace_id, name)
        WHERE kind = 'workspace' AND revoked_at IS NULL;
    `);
    await queryRunner.query(checkpointTableSql('keys.checkpoints'));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE checkpoints, api_key, invitation, member, workspace, person');
  }
}
