import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { SqlSession } from '@tollgate/event-log';
import type { Pairing } from './pairing.js';

interface PairingRow {
  challenge: string;
  approved_by: string;
  workspace_id: string | null;
  is_bound: boolean;
  expires_at: Date;
  key_id: string | null;
}

const COLUMNS = 'challenge, approved_by, workspace_id, is_bound, expires_at, key_id';
/** How long an approval is remembered after its end, so that a late poll is told what became of it. */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;
/** Most forgotten at a time. */
const FORGOTTEN_MAX = 100;

const digestOf = (request: string) => createHash('sha256').update(request).digest('hex');

/** Approvals of command-line logins. What nobody approved is not kept at all: polling costs no memory. */
@Injectable()
export class PairingBook {
  /** Its row locked until the transaction ends. */
  async lock(sql: SqlSession, request: string): Promise<Pairing | undefined> {
    const [row] = await sql.rows<PairingRow>(
      `SELECT ${COLUMNS} FROM cli_pairing WHERE request_digest = $1 FOR UPDATE`,
      [digestOf(request)],
    );
    return row && pairingOf(row);
  }

  /** Keeps an approval; false when the request was decided before. */
  async keep(sql: SqlSession, request: string, pairing: Pairing, now: Date): Promise<boolean> {
    await this.forget(sql, now);
    const { challenge, approvedBy, workspaceId, isBound, expiresAtMs } = pairing;
    const kept = await sql.rows(
      `INSERT INTO cli_pairing (request_digest, challenge, approved_by, workspace_id, is_bound, approved_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (request_digest) DO NOTHING RETURNING request_digest`,
      [digestOf(request), challenge, approvedBy, workspaceId, isBound, now, new Date(expiresAtMs)],
    );
    return kept.length > 0;
  }

  /** Approvals of a person that wait to be collected. */
  async waiting(sql: SqlSession, userId: string, now: Date): Promise<number> {
    const [counted] = await sql.rows<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM cli_pairing WHERE approved_by = $1 AND key_id IS NULL AND expires_at > $2`,
      [userId, now],
    );
    return counted?.waiting ?? 0;
  }

  async markCollected(sql: SqlSession, request: string, keyId: string): Promise<void> {
    await sql.rows('UPDATE cli_pairing SET key_id = $2 WHERE request_digest = $1', [digestOf(request), keyId]);
  }

  private async forget(sql: SqlSession, now: Date): Promise<void> {
    await sql.rows(
      `DELETE FROM cli_pairing WHERE request_digest IN (
         SELECT request_digest FROM cli_pairing WHERE expires_at < $1 ORDER BY expires_at LIMIT ${FORGOTTEN_MAX}
         FOR UPDATE SKIP LOCKED)`,
      [new Date(now.getTime() - REMEMBERED_MS)],
    );
  }
}

function pairingOf(row: PairingRow): Pairing {
  return {
    challenge: row.challenge,
    approvedBy: row.approved_by,
    workspaceId: row.workspace_id,
    isBound: row.is_bound,
    expiresAtMs: row.expires_at.getTime(),
    keyId: row.key_id,
  };
}
