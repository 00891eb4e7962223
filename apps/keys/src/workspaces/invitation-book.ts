import { Injectable } from '@nestjs/common';
import type { PendingInvitationView, Role } from '@tollgate/contracts';
import type { SqlSession } from '@tollgate/event-log';
import { mintBoundCursor, readBoundCursor } from '@tollgate/service-kit';
import { createHash, randomBytes } from 'node:crypto';
import { KeysDatabase } from '../keys-database.js';

export interface PendingInvitation {
  id: string;
  workspaceId: string;
  role: Role;
}

interface InvitationRow {
  id: string;
  workspace_id: string;
  role: Role;
}

interface ListedRow {
  id: string;
  email: string;
  role: Role;
  invited_by: string;
  created_at: Date;
  expires_at: Date;
}

const LIST = 'invitations';
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** A new link's secret: 256 random bits. Only its digest is kept. */
export function newInvitationToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Undefined for a text that can be no token. The secret has no structure to guess at, so a plain SHA-256 keeps it. */
export function digestOfToken(token: string): string | undefined {
  return TOKEN.test(token) ? createHash('sha256').update(token).digest('hex') : undefined;
}

/** Invitations that wait to be taken up. */
@Injectable()
export class InvitationBook {
  constructor(private readonly database: KeysDatabase) {}

  /** The workspace of a live invitation; undefined for an unknown, used or expired token alike. */
  async workspaceOf(tokenDigest: string, now: Date): Promise<string | undefined> {
    const { rows } = await this.database.pool.query<InvitationRow>(
      'SELECT workspace_id FROM invitation WHERE token_digest = $1 AND accepted_at IS NULL AND expires_at > $2',
      [tokenDigest, now],
    );
    return rows[0]?.workspace_id;
  }

  /**
   * Live invitations of a workspace in the order of their addresses, `limit` at most. The cursor is the last address of
   * the page before: it holds its place though that invitation be gone. Throws the 400 of one
   * that was not made here.
   */
  async page(
    workspaceId: string,
    now: Date,
    limit: number,
    cursor?: string,
  ): Promise<{ invitations: PendingInvitationView[]; nextCursor?: string }> {
    const [after] = cursor === undefined ? [''] : readBoundCursor(LIST, cursor, { workspaceId }, 1);
    const { rows } = await this.database.pool.query<ListedRow>(
      `SELECT id, email, role, invited_by, created_at, expires_at FROM invitation
       WHERE workspace_id = $1 AND accepted_at IS NULL AND expires_at > $2 AND email > $3 ORDER BY email LIMIT $4`,
      [workspaceId, now, after, limit + 1],
    );
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    return {
      invitations: shown.map((row) => ({
        id: row.id,
        email: row.email,
        permission: row.role,
        invitedBy: row.invited_by,
        createdAt: row.created_at.toISOString(),
        expiresAt: row.expires_at.toISOString(),
      })),
      ...(rows.length > limit && last && { nextCursor: mintBoundCursor(LIST, [last.email], { workspaceId }) }),
    };
  }

  /** For a command: ends a live invitation and gives its address; undefined for one that is unknown, used or over. */
  async cancel(sql: SqlSession, workspaceId: string, id: string, now: Date): Promise<string | undefined> {
    const [row] = await sql.rows<{ email: string }>(
      `DELETE FROM invitation WHERE id = $1 AND workspace_id = $2 AND accepted_at IS NULL AND expires_at > $3
       RETURNING email`,
      [id, workspaceId, now],
    );
    return row?.email;
  }

  /** Live invitations to an address, in the order of their workspaces' ids (the order in which they are locked). */
  async to(sql: SqlSession, email: string, now: Date): Promise<PendingInvitation[]> {
    const rows = await sql.rows<InvitationRow>(
      `SELECT id, workspace_id, role FROM invitation WHERE email = $1 AND accepted_at IS NULL AND expires_at > $2
       ORDER BY workspace_id`,
      [email, now],
    );
    return rows.map(pendingOf);
  }

  /** For a command, with the workspace locked. */
  async lock(sql: SqlSession, tokenDigest: string, now: Date): Promise<PendingInvitation | undefined> {
    const [row] = await sql.rows<InvitationRow>(
      `SELECT id, workspace_id, role FROM invitation
       WHERE token_digest = $1 AND accepted_at IS NULL AND expires_at > $2 FOR UPDATE`,
      [tokenDigest, now],
    );
    return row && pendingOf(row);
  }

  /** Other addresses of the workspace that live invitations wait for. */
  async pendingBeside(sql: SqlSession, workspaceId: string, email: string, now: Date): Promise<number> {
    const [counted] = await sql.rows<{ pending: number }>(
      `SELECT count(*)::int AS pending FROM invitation
       WHERE workspace_id = $1 AND email <> $2 AND accepted_at IS NULL AND expires_at > $3`,
      [workspaceId, email, now],
    );
    return counted?.pending ?? 0;
  }

  /** Keeps a new invitation; an older one of the same address that nobody took up goes, and its link with it. */
  async keep(
    sql: SqlSession,
    invitation: PendingInvitation & { email: string; tokenDigest: string; invitedBy: string; expiresAt: Date },
    now: Date,
  ): Promise<void> {
    const { id, workspaceId, email, role, tokenDigest, invitedBy, expiresAt } = invitation;
    await this.withdraw(sql, workspaceId, email);
    await sql.rows(
      `INSERT INTO invitation (id, workspace_id, email, role, token_digest, invited_by, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [id, workspaceId, email, role, tokenDigest, invitedBy, now, expiresAt],
    );
  }

  /** Ends what waits for an address in a workspace: who was added, or removed, must not come (back) by an old link. */
  async withdraw(sql: SqlSession, workspaceId: string, email: string): Promise<void> {
    await sql.rows('DELETE FROM invitation WHERE workspace_id = $1 AND email = $2 AND accepted_at IS NULL', [
      workspaceId,
      email,
    ]);
  }

  async markAccepted(sql: SqlSession, id: string, userId: string, now: Date): Promise<void> {
    await sql.rows('UPDATE invitation SET accepted_at = $2, accepted_by = $3 WHERE id = $1', [id, now, userId]);
  }
}

const pendingOf = (row: InvitationRow): PendingInvitation => ({
  id: row.id,
  workspaceId: row.workspace_id,
  role: row.role,
});
