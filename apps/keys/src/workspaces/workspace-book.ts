import { Injectable } from '@nestjs/common';
import type { PageQuery, PermissionView, Role, WorkspaceView } from '@tollgate/contracts';
import type { SqlSession } from '@tollgate/event-log';
import { pageOf, readPageCursor } from '@tollgate/service-kit';
import { KeysDatabase } from '../keys-database.js';
import type { WorkspaceFact, WorkspaceState } from './workspace.js';

interface WorkspaceRow {
  id: string;
  name: string;
  owner_id: string;
  billed_account_user_id: string;
  allow_personal_api_keys: boolean;
  created_at: Date;
}

const COLUMNS = 'w.id, w.name, w.owner_id, w.billed_account_user_id, w.allow_personal_api_keys, w.created_at';

/** What somebody is to a workspace. */
export type Standing = { exists: false } | { exists: true; role: Role | undefined };

export interface PermissionsPage {
  users: PermissionView[];
  total: number;
  nextCursor?: string;
}

/** The read model of workspaces and members: lists for people, state for commands. */
@Injectable()
export class WorkspaceBook {
  constructor(private readonly database: KeysDatabase) {}

  async standing(workspaceId: string, userId: string): Promise<Standing> {
    const { rows } = await this.database.pool.query<{ role: Role | null }>(
      `SELECT m.role FROM workspace w LEFT JOIN member m ON m.workspace_id = w.id AND m.user_id = $2 WHERE w.id = $1`,
      [workspaceId, userId],
    );
    return rows[0] ? { exists: true, role: rows[0].role ?? undefined } : { exists: false };
  }

  /** The workspace as a member sees it; undefined when there is none or the person is no member. */
  async view(workspaceId: string, userId: string): Promise<WorkspaceView | undefined> {
    const { rows } = await this.database.pool.query<WorkspaceRow & { role: Role }>(
      `SELECT ${COLUMNS}, m.role FROM workspace w JOIN member m ON m.workspace_id = w.id
       WHERE w.id = $1 AND m.user_id = $2`,
      [workspaceId, userId],
    );
    return rows[0] && viewOf(rows[0]);
  }

  /** A page of a person's workspaces, oldest first. Throws the 400 of a cursor not made here. */
  async of(
    userId: string,
    { limit, cursor }: PageQuery,
  ): Promise<{ workspaces: WorkspaceView[]; nextCursor?: string }> {
    const { rows } = await this.database.pool.query<WorkspaceRow & { role: Role }>(
      `SELECT ${COLUMNS}, m.role FROM member m JOIN workspace w ON w.id = m.workspace_id
       WHERE m.user_id = $1 AND (w.created_at, w.id) > ($2::timestamptz, $3)
       ORDER BY w.created_at, w.id LIMIT $4`,
      [userId, ...readPageCursor(cursor), limit + 1],
    );
    const { rows: shown, ...more } = pageOf(rows, limit, (row) => [row.created_at, row.id]);
    return { workspaces: shown.map(viewOf), ...more };
  }

  /** A page of the members in the order they came, and how many there are. Throws the 400 of a cursor not made here. */
  async permissions(workspaceId: string, { limit, cursor }: PageQuery): Promise<PermissionsPage> {
    const [{ rows }, counted] = await Promise.all([
      this.database.pool.query<PermissionView & { addedAt: Date }>(
        `SELECT p.id AS "userId", p.email, p.name, m.role AS "permissionType", m.added_at AS "addedAt"
         FROM member m JOIN person p ON p.id = m.user_id
         WHERE m.workspace_id = $1 AND (m.added_at, p.id) > ($2::timestamptz, $3) ORDER BY m.added_at, p.id LIMIT $4`,
        [workspaceId, ...readPageCursor(cursor), limit + 1],
      ),
      this.database.pool.query<{ total: number }>('SELECT count(*)::int AS total FROM member WHERE workspace_id = $1', [
        workspaceId,
      ]),
    ]);
    const { rows: shown, ...more } = pageOf(rows, limit, (row) => [row.addedAt, row.userId]);
    const users = shown.map(({ addedAt: _addedAt, ...permission }) => permission);
    return { users, total: counted.rows[0]?.total ?? users.length, ...more };
  }

  /** For a command: how many workspaces a person owns. */
  async ownedBy(sql: SqlSession, userId: string): Promise<number> {
    const [counted] = await sql.rows<{ owned: number }>(
      'SELECT count(*)::int AS owned FROM workspace WHERE owner_id = $1',
      [userId],
    );
    return counted?.owned ?? 0;
  }

  /** For a command: the state with its row locked until the commit, so that facts of one workspace keep their order. */
  async lock(sql: SqlSession, workspaceId: string): Promise<WorkspaceState | undefined> {
    const [row] = await sql.rows<WorkspaceRow>(`SELECT ${COLUMNS} FROM workspace w WHERE w.id = $1 FOR UPDATE`, [
      workspaceId,
    ]);
    if (!row) return undefined;
    const members = await sql.rows<{ user_id: string; role: Role }>(
      'SELECT user_id, role FROM member WHERE workspace_id = $1',
      [workspaceId],
    );
    return {
      workspaceId,
      name: row.name,
      ownerId: row.owner_id,
      billedAccountUserId: row.billed_account_user_id,
      allowPersonalApiKeys: row.allow_personal_api_keys,
      roles: new Map(members.map(({ user_id, role }) => [user_id, role])),
    };
  }

  /** Writes what the facts say, in the transaction of their commit. */
  async record(sql: SqlSession, facts: readonly WorkspaceFact[], at: Date): Promise<void> {
    for (const fact of facts) await this.recordOne(sql, fact, at);
  }

  private async recordOne(sql: SqlSession, { type, data }: WorkspaceFact, at: Date): Promise<void> {
    const set = (assignment: string, value: unknown) =>
      sql.rows(`UPDATE workspace SET ${assignment} = $2, updated_at = $3 WHERE id = $1`, [data.workspaceId, value, at]);
    switch (type) {
      case 'WorkspaceCreated':
        await sql.rows(
          `INSERT INTO workspace (id, name, owner_id, billed_account_user_id, allow_personal_api_keys, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $6)`,
          [data.workspaceId, data.name, data.ownerId, data.billedAccountUserId, data.allowPersonalApiKeys, at],
        );
        return;
      case 'WorkspaceRenamed':
        await set('name', data.name);
        return;
      case 'PersonalKeysAllowed':
      case 'PersonalKeysDisallowed':
        await set('allow_personal_api_keys', type === 'PersonalKeysAllowed');
        return;
      case 'BilledAccountChanged':
        await set('billed_account_user_id', data.billedAccountUserId);
        return;
      case 'MemberAdded':
      case 'MemberRoleChanged':
        await sql.rows(
          `INSERT INTO member (workspace_id, user_id, role, added_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role`,
          [data.workspaceId, data.userId, data.role, at],
        );
        return;
      case 'MemberRemoved':
        await sql.rows('DELETE FROM member WHERE workspace_id = $1 AND user_id = $2', [data.workspaceId, data.userId]);
    }
  }
}

function viewOf(row: WorkspaceRow & { role: Role }): WorkspaceView {
  return {
    id: row.id,
    name: row.name,
    ownerId: row.owner_id,
    billedAccountUserId: row.billed_account_user_id,
    allowPersonalApiKeys: row.allow_personal_api_keys,
    permissions: row.role,
    createdAt: row.created_at.toISOString(),
  };
}
