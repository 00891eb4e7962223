import { Injectable } from '@nestjs/common';
import type { KeyKind, PageQuery, PersonalKeysReach, PersonalKeyView, WorkspaceKeyView } from '@tollgate/contracts';
import type { SqlSession } from '@tollgate/event-log';
import { pageOf, readPageCursor } from '@tollgate/service-kit';
import type { FactOf } from '../fact.js';
import { KeysDatabase } from '../keys-database.js';
import type { Holdings, KeyFact, KeyOwner, KeyState } from './key.js';

interface KeyRow {
  id: string;
  kind: KeyKind;
  owner_id: string | null;
  workspace_id: string | null;
  created_by: string;
  name: string;
  digest: string;
  former_digests: string[];
  display_key: string;
  created_at: Date;
  updated_at: Date;
  last_used_at: Date | null;
  expires_at: Date | null;
}

const COLUMNS = `id, kind, owner_id, workspace_id, created_by, name, digest, former_digests, display_key, created_at,
  updated_at, last_used_at, expires_at`;

/** A key's state and when it was made and changed. */
export interface KeyRecord extends KeyState {
  createdAt: Date;
  updatedAt: Date;
}

/** An active key with what holds its text. */
export interface SealedKey extends KeyRecord {
  sealedKey: string;
}

/** What is kept of a new key besides its fact; the sealed text leaves with the revocation. */
export interface KeptKey {
  sealedKey: string;
  createdBy: string;
}

/** `nextCursor` is absent on the last page. */
export interface KeyPage<View> {
  keys: View[];
  nextCursor?: string;
}

/** The read model of keys: lists for people, state for commands. */
@Injectable()
export class KeyBook {
  constructor(private readonly database: KeysDatabase) {}

  /** A page of a person's own personal keys, oldest first (contract B1.1). Throws the 400 of a cursor not made here. */
  async ofPerson(ownerId: string, page: PageQuery): Promise<KeyPage<PersonalKeyView>> {
    return this.page({ kind: 'personal', ownerId }, page, viewOf);
  }

  /** A page of a workspace's keys, oldest first. Throws the 400 of a cursor not made here. */
  async ofWorkspace(workspaceId: string, page: PageQuery): Promise<KeyPage<WorkspaceKeyView>> {
    const view = (row: KeyRow) => ({ ...viewOf(row), createdBy: row.created_by });
    return this.page({ kind: 'workspace', workspaceId }, page, view);
  }

  private async page<View>(
    owner: KeyOwner,
    { limit, cursor }: PageQuery,
    view: (row: KeyRow) => View,
  ): Promise<KeyPage<View>> {
    const { rows } = await this.database.pool.query<KeyRow>(
      `SELECT ${COLUMNS} FROM api_key WHERE ${columnOf(owner)} = $1 AND kind = '${owner.kind}' AND revoked_at IS NULL
         AND (created_at, id) > ($2::timestamptz, $3)
       ORDER BY created_at, id LIMIT $4`,
      [idOf(owner), ...readPageCursor(cursor), limit + 1],
    );
    const { rows: shown, ...more } = pageOf(rows, limit, (row) => [row.created_at, row.id]);
    return { keys: shown.map(view), ...more };
  }

  /**
   * Personal keys that this workspace would admit now, its switch aside, and how many members hold them: keys of members
   * who are not suspended, neither revoked nor expired.
   */
  async personalKeysReaching(workspaceId: string, now: Date): Promise<PersonalKeysReach> {
    const { rows } = await this.database.pool.query<PersonalKeysReach>(
      `SELECT count(*)::int AS keys, count(DISTINCT k.owner_id)::int AS owners
       FROM member m JOIN person p ON p.id = m.user_id JOIN api_key k ON k.owner_id = m.user_id
       WHERE m.workspace_id = $1 AND p.suspended_at IS NULL AND k.kind = 'personal' AND k.revoked_at IS NULL
         AND (k.expires_at IS NULL OR k.expires_at > $2)`,
      [workspaceId, now],
    );
    return rows[0] as PersonalKeysReach;
  }

  /** For a command: call it with the owner's row locked. */
  async holdings(sql: SqlSession, owner: KeyOwner, name: string): Promise<Holdings> {
    const [counted] = await sql.rows<{ active: number; taken: boolean | null }>(
      `SELECT count(*)::int AS active, bool_or(name = $2) AS taken FROM api_key
       WHERE ${columnOf(owner)} = $1 AND kind = '${owner.kind}' AND revoked_at IS NULL`,
      [idOf(owner), name],
    );
    return { activeKeys: counted?.active ?? 0, nameTaken: counted?.taken ?? false };
  }

  /** For a command: those of `ids` that are active keys of the owner, their rows locked in one order. */
  async lockActive(sql: SqlSession, owner: KeyOwner, ids: readonly string[]): Promise<KeyRecord[]> {
    const rows = await sql.rows<KeyRow>(
      `SELECT ${COLUMNS} FROM api_key WHERE id = ANY($1) AND ${columnOf(owner)} = $2 AND kind = '${owner.kind}'
       AND revoked_at IS NULL ORDER BY id FOR UPDATE`,
      [ids, idOf(owner)],
    );
    return rows.map(recordOf);
  }

  /** Active keys in the order of their ids, from after `after`, each with its sealed text. */
  async sealedAfter(after: string, limit: number): Promise<SealedKey[]> {
    const { rows } = await this.database.pool.query<KeyRow & { sealed_key: string }>(
      `SELECT ${COLUMNS}, sealed_key FROM api_key WHERE id > $1 AND revoked_at IS NULL ORDER BY id LIMIT $2`,
      [after, limit],
    );
    return rows.map(sealedOf);
  }

  /**
   * For a command: those of `ids` that are active, their rows locked; one that another transaction holds is left out, so
   * that nobody is waited for while others wait for this.
   */
  async lockSealed(sql: SqlSession, ids: readonly string[]): Promise<SealedKey[]> {
    const rows = await sql.rows<KeyRow & { sealed_key: string }>(
      `SELECT ${COLUMNS}, sealed_key FROM api_key WHERE id = ANY($1) AND revoked_at IS NULL
       ORDER BY id FOR UPDATE SKIP LOCKED`,
      [ids],
    );
    return rows.map(sealedOf);
  }

  /** How many keys are active. */
  async countActive(): Promise<number> {
    const { rows } = await this.database.pool.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM api_key WHERE revoked_at IS NULL',
    );
    return rows[0]?.count ?? 0;
  }

  /** Keeps keys sealed anew. No fact tells of it: what is sealed is the same. */
  async reseal(sql: SqlSession, resealed: readonly { keyId: string; sealedKey: string }[]): Promise<void> {
    await sql.rows(
      `UPDATE api_key SET sealed_key = r.sealed FROM unnest($1::text[], $2::text[]) AS r (id, sealed)
       WHERE api_key.id = r.id`,
      [resealed.map(({ keyId }) => keyId), resealed.map(({ sealedKey }) => sealedKey)],
    );
  }

  /** Writes what the facts say, in the transaction of their commit. `kept` belongs to a `KeyCreated`. */
  async record(sql: SqlSession, facts: readonly KeyFact[], at: Date, kept?: KeptKey): Promise<void> {
    const revoked = facts.filter((fact) => fact.type === 'KeyRevoked');
    if (revoked.length > 0) await this.recordRevoked(sql, revoked, at);
    for (const { type, data } of facts) {
      if (type === 'KeyCreated') {
        if (!kept) throw new Error('A new key needs its sealed text');
        await sql.rows(
          `INSERT INTO api_key (id, kind, owner_id, workspace_id, created_by, name, sealed_key, digest, display_key,
             created_at, updated_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)`,
          [
            ...[data.keyId, data.kind, data.ownerId, data.workspaceId, kept.createdBy, data.name, kept.sealedKey],
            ...[data.digest, data.displayKey, at, data.expiresAt],
          ],
        );
      } else if (type === 'KeyRenamed') {
        await sql.rows('UPDATE api_key SET name = $2, updated_at = $3 WHERE id = $1', [data.keyId, data.name, at]);
      } else if (type === 'KeyRedigested') {
        await sql.rows('UPDATE api_key SET digest = $2, former_digests = $3 WHERE id = $1', [
          ...[data.keyId, data.digest, data.formerDigests],
        ]);
      }
    }
  }

  /** One statement for all: a bulk revocation is up to a thousand. */
  private async recordRevoked(sql: SqlSession, facts: readonly FactOf<'KeyRevoked'>[], at: Date): Promise<void> {
    await sql.rows(
      `UPDATE api_key SET revoked_at = $2, updated_at = $2, revoked_by = r.actor, sealed_key = NULL
       FROM unnest($1::text[], $3::text[]) AS r (id, actor) WHERE api_key.id = r.id`,
      [facts.map(({ data }) => data.keyId), at, facts.map(({ data }) => data.actor.id)],
    );
  }
}

function recordOf(row: KeyRow): KeyRecord {
  return {
    keyId: row.id,
    digest: row.digest,
    formerDigests: row.former_digests,
    kind: row.kind,
    name: row.name,
    ownerId: row.owner_id,
    workspaceId: row.workspace_id,
    expiresAt: row.expires_at?.toISOString() ?? null,
    revoked: false,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function sealedOf(row: KeyRow & { sealed_key: string }): SealedKey {
  return { ...recordOf(row), sealedKey: row.sealed_key };
}

function viewOf(row: KeyRow): PersonalKeyView {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.created_at.toISOString(),
    lastUsed: row.last_used_at?.toISOString() ?? null,
    expiresAt: row.expires_at?.toISOString() ?? null,
    displayKey: row.display_key,
  };
}

const columnOf = (owner: KeyOwner) => (owner.kind === 'personal' ? 'owner_id' : 'workspace_id');
const idOf = (owner: KeyOwner) => (owner.kind === 'personal' ? owner.ownerId : owner.workspaceId);
