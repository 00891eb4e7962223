import { TOPICS } from '@tollgate/contracts';
import type { Topic } from '@tollgate/contracts';
import type { SqlSession } from './sql-session.js';

/** A fact as the relay passes it on: not parsed, so that one of a type this process does not know passes too. */
export interface OutboxFact {
  position: bigint;
  topic: Topic;
  subject: string;
  text: string;
}

export interface Lease {
  held: boolean;
  /** The last position that Kafka has acknowledged. */
  position: bigint;
}

/** Locked like the log's own migration; nothing is touched when the table is there. */
const TABLE_SQL = `
DO $migrate$
BEGIN
  IF to_regclass('event_log.relays') IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext('event_log.relays'));
    CREATE TABLE IF NOT EXISTS event_log.relays (
      name text PRIMARY KEY,
      position bigint NOT NULL,
      holder text,
      leased_until timestamptz NOT NULL,
      updated_at timestamptz NOT NULL
    );
  END IF;
END
$migrate$`;

/**
 * The facts of the Postgres log seen as an outbox, and how far each relay (one per topic prefix) has passed them on.
 * The times of a lease are the database's own.
 */
export class Outbox {
  constructor(
    private readonly sql: SqlSession,
    private readonly relay: string,
  ) {}

  /** Makes the relay's table beside the facts. Safe to repeat. */
  async migrate(): Promise<void> {
    await this.sql.rows(TABLE_SQL);
    await this.sql.rows(
      `INSERT INTO event_log.relays (name, position, leased_until, updated_at) VALUES ($1, 0, now(), now())
       ON CONFLICT (name) DO NOTHING`,
      [this.relay],
    );
  }

  /** Takes the lease when it is free or over, and prolongs it when it is the holder's own. */
  async lease(holder: string, leaseMs: number): Promise<Lease> {
    const [mine] = await this.sql.rows<{ position: string }>(
      `UPDATE event_log.relays SET holder = $2, leased_until = clock_timestamp() + $3::int * interval '1 ms'
       WHERE name = $1 AND (holder = $2 OR leased_until < clock_timestamp()) RETURNING position`,
      [this.relay, holder, leaseMs],
    );
    return mine ? { held: true, position: BigInt(mine.position) } : { held: false, position: await this.passedOn() };
  }

  async release(holder: string): Promise<void> {
    await this.sql.rows(`UPDATE event_log.relays SET leased_until = '-infinity' WHERE name = $1 AND holder = $2`, [
      this.relay,
      holder,
    ]);
  }

  /** Whether the checkpoint was still at `from` and the holder's: a relay that was replaced moves nothing. */
  async moveOn(holder: string, from: bigint, to: bigint): Promise<boolean> {
    const moved = await this.sql.rows(
      `UPDATE event_log.relays SET position = $4, updated_at = now()
       WHERE name = $1 AND holder = $2 AND position = $3 RETURNING name`,
      [this.relay, holder, from.toString(), to.toString()],
    );
    return moved.length === 1;
  }

  /** The last position that Kafka has acknowledged; 0n before any. */
  async passedOn(): Promise<bigint> {
    const [row] = await this.sql.rows<{ position: string }>('SELECT position FROM event_log.relays WHERE name = $1', [
      this.relay,
    ]);
    return BigInt(row?.position ?? 0);
  }

  /** The next facts, in the order of their commits. */
  async read(after: bigint, limit: number): Promise<OutboxFact[]> {
    const rows = await this.sql.rows<{ position: string; topic: Topic; subject: string; event: string }>(
      `SELECT next.position, next.topic, next.subject, next.event
       FROM unnest($1::text[]) AS wanted (topic)
       CROSS JOIN LATERAL (
         SELECT * FROM event_log.facts WHERE topic = wanted.topic AND position > $2::bigint
         ORDER BY position LIMIT $3::int
       ) AS next
       ORDER BY next.position LIMIT $3::int`,
      [[...TOPICS], after.toString(), limit],
    );
    return rows.map(({ position, event, ...fact }) => ({ ...fact, position: BigInt(position), text: event }));
  }
}
