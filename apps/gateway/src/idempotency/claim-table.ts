import { Injectable } from '@nestjs/common';
import { newId } from '@tollgate/api-key';
import { RUN_ID_PREFIX } from '@tollgate/contracts';
import type { WholeAnswer } from '../execute/answer-run.js';
import { GatewayDatabase } from '../gateway-database.js';

/** A claim whose gateway has not said for so long that it is at work may be taken over. */
export const LEASE_SECONDS = 15;
const KEPT_HOURS = 24;
const SWEEP_ROWS_MAX = 1_000;

/** One key of one caller on one workflow: what makes calls the same (contract A6 "Idempotency"). */
export interface ClaimScope {
  keyId: string;
  workflowId: string;
  idempotencyKey: string;
  /** Of everything that the answer depends on: the same key with another one is another call. */
  fingerprint: string;
}

/** The run that a claim stands for. Its ids are fixed with the claim, so that whoever takes over bills it no second time. */
export interface Claim {
  holder: string;
  runId: string;
  eventKey: string;
  /** Somebody had it before, and may have begun the run. */
  again: boolean;
}

export type Claimed = Claim | { kept: WholeAnswer } | 'inProgress' | 'otherCall';

interface ClaimRow {
  run_id: string;
  event_key: string;
  again: boolean;
}

interface KeptRow {
  fingerprint: string;
  status: number | null;
  headers: string;
  content_type: string;
  body: string;
}

/**
 * The claims, in PostgreSQL: of all calls of one scope, on all gateways, one at a time has the claim. All times are the
 * database's, so that no two gateways differ about them.
 */
@Injectable()
export class ClaimTable {
  constructor(private readonly database: GatewayDatabase) {}

  async claim(scope: ClaimScope): Promise<Claimed> {
    const holder = newId();
    const runId = RUN_ID_PREFIX + newId();
    const values = [scope.keyId, scope.workflowId, scope.idempotencyKey, scope.fingerprint, runId, holder];
    const { rows } = await this.database.pool.query<ClaimRow>(CLAIM, values);
    const [row] = rows;
    if (row) return { holder, runId: row.run_id, eventKey: row.event_key, again: row.again };
    return this.find(scope);
  }

  /** How it stands with a claim that somebody else has. */
  async find(scope: ClaimScope): Promise<Exclude<Claimed, Claim>> {
    const values = [scope.keyId, scope.workflowId, scope.idempotencyKey];
    const { rows: found } = await this.database.pool.query<KeptRow>(READ, values);
    const kept = found[0];
    if (!kept) return 'inProgress'; // it was freed this moment
    if (kept.fingerprint !== scope.fingerprint) return 'otherCall';
    if (kept.status === null) return 'inProgress';
    const headers = JSON.parse(kept.headers) as Record<string, string>;
    return { kept: { status: kept.status, headers, contentType: kept.content_type, body: kept.body } };
  }

  /** False: somebody else has taken the claim over meanwhile. */
  async keep({ holder }: Claim, answer: WholeAnswer): Promise<boolean> {
    const { status, headers, contentType, body } = answer;
    const { rowCount } = await this.database.pool.query(
      `UPDATE idempotency_claims SET status = $2, headers = $3, content_type = $4, body = $5
       WHERE holder = $1 AND status IS NULL`,
      [holder, status, JSON.stringify(headers), contentType, body],
    );
    return rowCount === 1;
  }

  /** Nothing was run: the key may be used again. */
  async free({ holder }: Claim): Promise<void> {
    await this.database.pool.query(`DELETE FROM idempotency_claims WHERE holder = $1 AND status IS NULL`, [holder]);
  }

  /** Whoever calls next takes over. */
  async leave({ holder }: Claim): Promise<void> {
    await this.database.pool.query(
      `UPDATE idempotency_claims SET held_until = '-infinity' WHERE holder = $1 AND status IS NULL`,
      [holder],
    );
  }

  /** Says that these are still worked at; gives those that nobody has taken over. */
  async renew(holders: string[]): Promise<string[]> {
    const { rows } = await this.database.pool.query<{ holder: string }>(
      `UPDATE idempotency_claims SET held_until = now() + interval '${LEASE_SECONDS} seconds'
       WHERE holder = ANY ($1) AND status IS NULL RETURNING holder`,
      [holders],
    );
    return rows.map(({ holder }) => holder);
  }

  /** Forgets answers of more than a day ago. */
  async sweep(): Promise<number> {
    const { rowCount } = await this.database.pool.query(
      `DELETE FROM idempotency_claims WHERE ctid IN (
         SELECT ctid FROM idempotency_claims WHERE claimed_at < now() - interval '${KEPT_HOURS} hours' LIMIT $1)`,
      [SWEEP_ROWS_MAX],
    );
    return rowCount ?? 0;
  }
}

/** Makes the claim, or takes over one that is a day old, or whose holder is silent: the run's ids stay then. */
const CLAIM = `
  INSERT INTO idempotency_claims AS held (key_id, workflow_id, idempotency_key, fingerprint, run_id, event_key, holder,
    held_until, claimed_at)
  VALUES ($1, $2, $3, $4, $5, $5, $6, now() + interval '${LEASE_SECONDS} seconds', now())
  ON CONFLICT (key_id, workflow_id, idempotency_key) DO UPDATE SET
    run_id = CASE WHEN ${isOld('held')} THEN excluded.run_id ELSE held.run_id END,
    event_key = CASE WHEN ${isOld('held')} THEN excluded.event_key ELSE held.event_key END,
    claimed_at = CASE WHEN ${isOld('held')} THEN excluded.claimed_at ELSE held.claimed_at END,
    fingerprint = excluded.fingerprint, holder = excluded.holder, held_until = excluded.held_until,
    status = NULL, headers = NULL, content_type = NULL, body = NULL
  WHERE ${isOld('held')}
    OR (held.status IS NULL AND held.held_until < now() AND held.fingerprint = excluded.fingerprint)
  RETURNING run_id, event_key, run_id <> $5 AS again`;

const READ = `SELECT fingerprint, status, headers, content_type, body FROM idempotency_claims
  WHERE key_id = $1 AND workflow_id = $2 AND idempotency_key = $3`;

function isOld(table: string): string {
  return `${table}.claimed_at < now() - interval '${KEPT_HOURS} hours'`;
}
