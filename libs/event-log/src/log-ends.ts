import type { Topic } from '@tollgate/contracts';
import { headPosition } from './fact-table.js';
import type { SqlSession } from './sql-session.js';

/**
 * Where the log ends, for whoever has to know that two followers have both seen everything.
 *
 * A log has one line of positions or several (Kafka: one for each partition). Lines are named as the checkpoint rows of
 * followers are: by what stands behind the follower's name, `''` for the only line, `@topic/partition` in Kafka.
 */
export abstract class LogEnds {
  /** The last position of each line of these topics that holds anything. Rejects when the log does not answer. */
  abstract read(topics: readonly Topic[]): Promise<ReadonlyMap<string, bigint>>;

  /**
   * Within how many milliseconds all events of one `publish` are in the log, counted from when the first of them can be
   * read; 0 when they come at once. A producer that is ended in between goes beyond it, until it is started again.
   */
  abstract readonly spreadMs: number;
}

/** Of the log as a table: one line, and what is published together is committed together. */
export class PostgresLogEnds extends LogEnds {
  readonly spreadMs = 0;

  constructor(private readonly sql: SqlSession) {
    super();
  }

  async read(topics: readonly Topic[]): Promise<ReadonlyMap<string, bigint>> {
    const head = await headPosition(this.sql, topics);
    return new Map(head === 0n ? [] : [['', head]]);
  }
}

/** How far a follower is in each line, from its checkpoint table, whichever processes share its work; empty: not begun. */
export async function readProgress(
  sql: SqlSession,
  table: string,
  follower: string,
): Promise<ReadonlyMap<string, bigint>> {
  const rows = await sql.rows<{ line: string; position: string }>(
    `SELECT substr(follower, length($1) + 1) AS line, position FROM ${table}
     WHERE follower = $1 OR starts_with(follower, $1 || '@')`,
    [follower],
  );
  return new Map(rows.map(({ line, position }) => [line, BigInt(position)]));
}

/** Whether a follower that is so far has handled everything up to these ends. */
export function hasReached(progress: ReadonlyMap<string, bigint>, ends: ReadonlyMap<string, bigint>): boolean {
  return [...ends].every(([line, end]) => (progress.get(line) ?? 0n) >= end);
}

/** Progress as one number that only grows: in a log of several lines how many positions were handled over all of them. */
export function positionOf(progress: ReadonlyMap<string, bigint>): bigint {
  return [...progress.values()].reduce((sum, position) => sum + position, 0n);
}
