import type { CheckpointStore } from './event-log.js';
import { sqlCheckpoints } from './checkpoint.js';
import type { SqlSession } from './sql-session.js';

/** A partition of a Kafka topic, e.g. `tollgate.usage/3`. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/** The row of a follower's checkpoint table that holds the next offset of one partition. */
export function checkpointName(follower: string, partition: string): string {
  return `${follower}@${partition}`;
}

/** The next offsets of all partitions that a follower has begun, from its checkpoint table. */
export async function nextOffsets(checkpoint: CheckpointStore, follower: string): Promise<Map<string, bigint>> {
  const begin = `${follower}@`;
  return checkpoint.inTransaction(async (transaction) => {
    const rows = await transaction.rows<{ follower: string; position: string }>(
      `SELECT follower, position FROM ${checkpoint.table} WHERE starts_with(follower, $1)`,
      [begin],
    );
    return new Map(rows.map((row) => [row.follower.slice(begin.length), BigInt(row.position)]));
  });
}

/**
 * Locks the checkpoint of a partition until the transaction ends, and gives its next offset. While it is locked,
 * another consumer of the same partition (one that was thought dead, say) waits, and then sees that it is behind.
 */
export function lockOffset(
  transaction: SqlSession,
  table: string,
  follower: string,
  partition: string,
): Promise<bigint> {
  return sqlCheckpoints.lock(transaction, table, checkpointName(follower, partition));
}

export async function moveOffset(
  transaction: SqlSession,
  table: string,
  follower: string,
  partition: string,
  next: bigint,
): Promise<void> {
  await sqlCheckpoints.move(transaction, table, checkpointName(follower, partition), next);
}
