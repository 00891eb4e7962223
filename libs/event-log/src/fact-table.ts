import type { Topic } from '@tollgate/contracts';
import type { SqlSession } from './sql-session.js';
import type { StoredEvent, StoredFact } from './stored-event.js';
import { TEXT_SEPARATOR } from './stored-event.js';

/** The channel on which a commit tells followers of the topics it wrote: `usage,runs`. */
export const NOTIFY_CHANNEL = 'event_log';

/** Advisory locks of the log, in a class of their own ("toll" in ASCII). */
const LOCK_CLASS = 0x746f6c6c;
const APPEND_LOCK = 1;
const MIGRATE_LOCK = 2;

/**
 * `event` is text, not jsonb: it gives the envelope back to the byte, takes what jsonb refuses (an escaped NUL in a
 * run's output) and costs the database no parsing. `at` is when the fact entered the log, not when it happened.
 * There is no index on the position alone: with one, the planner reads a rare topic by filtering the whole log.
 * Nothing is touched when the table is there, so that a starting service does not wait for the others' appends.
 */
const TABLE_SQL = `
DO $migrate$
BEGIN
  PERFORM pg_advisory_xact_lock(${LOCK_CLASS}, ${MIGRATE_LOCK});
  IF to_regclass('event_log.facts') IS NULL THEN
    CREATE SCHEMA IF NOT EXISTS event_log;
    CREATE SEQUENCE event_log.positions AS bigint CACHE 1;
    CREATE TABLE event_log.facts (
      position bigint NOT NULL DEFAULT nextval('event_log.positions'),
      id text COLLATE "C" NOT NULL CONSTRAINT facts_id_once UNIQUE,
      topic text COLLATE "C" NOT NULL,
      subject text COLLATE "C" NOT NULL,
      type text COLLATE "C" NOT NULL,
      at timestamptz NOT NULL DEFAULT clock_timestamp(),
      event text NOT NULL,
      PRIMARY KEY (topic, position)
    );
  END IF;
END
$migrate$`;

/** Makes the log's table. Safe to repeat and to run from several processes at once. */
export async function migrateEventLog(sql: SqlSession): Promise<void> {
  await sql.rows(TABLE_SQL);
}

export interface LogLockLimits {
  /** How long to wait for the others' commits. */
  lockTimeoutMs: number;
  /** How long the holder may sit idle before the server ends its session, so that a stopped process holds up nobody. */
  idleTimeoutMs: number;
}

/**
 * Takes the right to append until the caller's transaction ends. PostgreSQL lets go of it only after the commit is
 * visible, and positions are taken after it is held: so the order of positions is the order of commits. The limits
 * come first: the target list is evaluated from left to right.
 */
export async function holdLog(sql: SqlSession, limits: LogLockLimits): Promise<void> {
  await sql.rows(
    `SELECT set_config('lock_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true),
            pg_advisory_xact_lock(${LOCK_CLASS}, ${APPEND_LOCK})`,
    [`${limits.lockTimeoutMs}ms`, `${limits.idleTimeoutMs}ms`],
  );
}

/** For `publish`: BEGIN, limits and lock in one trip. */
export function beginAndHoldLogSql(limits: LogLockLimits): string {
  return `BEGIN; SET LOCAL lock_timeout = ${limits.lockTimeoutMs};
    SET LOCAL idle_in_transaction_session_timeout = ${limits.idleTimeoutMs};
    SELECT pg_advisory_xact_lock(${LOCK_CLASS}, ${APPEND_LOCK})`;
}

const insertSql = (onConflict: string) => `
  INSERT INTO event_log.facts (id, topic, subject, type, event)
  SELECT e.id, e.topic, e.subject, e.type, e.event
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], string_to_array($5::text, E'\\x01'))
    WITH ORDINALITY AS e (id, topic, subject, type, event, nth)
  ORDER BY e.nth ${onConflict}
  RETURNING id, position`;

/** The data-modifying part runs to its end whatever the outer LIMIT says; when nothing new came in, nobody is woken. */
const PUBLISH_SQL = `WITH entered AS (${insertSql('ON CONFLICT (id) DO NOTHING')})
  SELECT pg_notify('${NOTIFY_CHANNEL}', $6) FROM entered LIMIT 1`;

const APPEND_SQL = `WITH entered AS (${insertSql('')}),
  told AS MATERIALIZED (SELECT pg_notify('${NOTIFY_CHANNEL}', $6) AS notified)
  SELECT entered.id, entered.position FROM entered CROSS JOIN told`;

/** Enters events under the lock; gives their positions by id. A known id is an error. */
export async function appendFacts(sql: SqlSession, events: readonly StoredEvent[]): Promise<Map<string, bigint>> {
  const rows = await sql.rows<{ id: string; position: string }>(APPEND_SQL, columnsOf(events));
  return new Map(rows.map((row) => [row.id, BigInt(row.position)]));
}

/** Enters events under the lock; a known id is left as it is. */
export async function publishFacts(sql: SqlSession, events: readonly StoredEvent[]): Promise<void> {
  await sql.rows(PUBLISH_SQL, columnsOf(events));
}

/**
 * The next facts of these topics. Each topic is asked by itself in the index, so that a follower of rare topics does
 * not wade through millions of runs; one statement, so one snapshot, so no gap.
 */
const READ_SQL = `
  SELECT fact.position, fact.event
  FROM (
    SELECT wanted.topic, candidate.position
    FROM unnest($1::text[]) AS wanted (topic)
    CROSS JOIN LATERAL (
      SELECT position FROM event_log.facts
      WHERE topic = wanted.topic AND position > $2::bigint ORDER BY position LIMIT $3::int
    ) AS candidate
    ORDER BY candidate.position LIMIT $3::int
  ) AS next
  JOIN event_log.facts AS fact ON fact.topic = next.topic AND fact.position = next.position
  ORDER BY fact.position`;

export async function readFacts(
  sql: SqlSession,
  topics: readonly Topic[],
  after: bigint,
  limit: number,
): Promise<StoredFact[]> {
  const values = [[...new Set(topics)], after.toString(), limit];
  const rows = await sql.rows<{ position: string; event: string }>(READ_SQL, values);
  return rows.map((row) => ({ position: BigInt(row.position), text: row.event }));
}

const HEAD_SQL = `
  SELECT max(newest.position) AS position
  FROM unnest($1::text[]) AS wanted (topic)
  CROSS JOIN LATERAL (
    SELECT position FROM event_log.facts WHERE topic = wanted.topic ORDER BY position DESC LIMIT 1
  ) AS newest`;

/** The newest position of these topics; 0n when there is none. */
export async function headPosition(sql: SqlSession, topics: readonly Topic[]): Promise<bigint> {
  const [row] = await sql.rows<{ position: string | null }>(HEAD_SQL, [[...topics]]);
  return BigInt(row?.position ?? 0);
}

function columnsOf(events: readonly StoredEvent[]): unknown[] {
  const topics = [...new Set(events.map((event) => event.topic))];
  return [
    events.map((event) => event.id),
    events.map((event) => event.topic),
    events.map((event) => event.subject),
    events.map((event) => event.type),
    // One text instead of an array: an array's elements are escaped one by one, which costs more than all the rest.
    events.map((event) => event.text).join(TEXT_SEPARATOR),
    topics.join(','),
  ];
}
