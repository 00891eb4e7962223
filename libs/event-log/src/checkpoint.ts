import type { Pool } from 'pg';
import type { CheckpointStore } from './event-log.js';
import { inPgTransaction } from './pg-transaction.js';
import { sqlOfPg } from './sql-session.js';
import type { SqlSession } from './sql-session.js';

/** How a body locks and moves a follower's checkpoint inside the transaction of its effect. */
export interface Checkpoints {
  /** Locks the follower's checkpoint until the transaction ends and gives its position; 0n for a new follower. */
  lock(transaction: SqlSession, table: string, follower: string): Promise<bigint>;
  move(transaction: SqlSession, table: string, follower: string, position: bigint): Promise<void>;
}

/** DDL of a checkpoint table, e.g. `billing.checkpoints`; its schema must be there. */
export function checkpointTableSql(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${checkedName(table)} (
    follower text PRIMARY KEY, position bigint NOT NULL, updated_at timestamptz NOT NULL)`;
}

export const sqlCheckpoints: Checkpoints = {
  async lock(transaction, table, follower) {
    const select = `SELECT position FROM ${checkedName(table)} WHERE follower = $1 FOR UPDATE`;
    const [known] = await transaction.rows<{ position: string }>(select, [follower]);
    if (known) return BigInt(known.position);
    await transaction.rows(
      `INSERT INTO ${checkedName(table)} (follower, position, updated_at) VALUES ($1, 0, now()) ON CONFLICT DO NOTHING`,
      [follower],
    );
    const [made] = await transaction.rows<{ position: string }>(select, [follower]);
    if (!made) throw new Error(`The checkpoint of ${follower} cannot be kept in ${table}`);
    return BigInt(made.position);
  },

  async move(transaction, table, follower, position) {
    await transaction.rows(`UPDATE ${checkedName(table)} SET position = $2, updated_at = now() WHERE follower = $1`, [
      follower,
      position.toString(),
    ]);
  },
};

/** Limits of an effect's transaction: a stopped process must not hold its checkpoint for ever. */
const BEGIN_SQL = `BEGIN; SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '60s';
  SET LOCAL idle_in_transaction_session_timeout = '60s'`;

/** Checkpoints beside effects that are written through a `pg` pool. */
export class PgCheckpointStore implements CheckpointStore {
  constructor(
    private readonly pool: Pool,
    readonly table: string,
  ) {
    checkedName(table);
  }

  inTransaction<T>(work: (transaction: SqlSession) => Promise<T>): Promise<T> {
    return inPgTransaction(this.pool, BEGIN_SQL, (client) => work(sqlOfPg(client)));
  }
}

function checkedName(table: string): string {
  if (!/^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/.test(table)) {
    throw new Error(`A checkpoint table is named schema.table, not ${table}`);
  }
  return table;
}
