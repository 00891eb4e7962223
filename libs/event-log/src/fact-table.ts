import { type EventType, type Topic, topicOf } from '@tollgate/contracts';
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

/**
 * Columns come as one text each and are taken apart here: an array's elements are escaped and quoted one by one on
 * their way, which costs the sender more than all the rest.
 */
const NEW_FACTS_SQL = `unnest(${[1, 2, 3, 4, 5].map((nth) => `string_to_array($${nth}::text, E'\\x01')`).join(', ')})
    WITH ORDINALITY AS e (id, topic, subject, type, event, nth)`;

const insertSql = (from: string, onConflict: string) => `
  INSERT INTO event_log.facts (id, topic, subject, type, event)
  SELECT e.id, e.topic, e.subject, e.type, e.event FROM ${from} ORDER BY e.nth ${onConflict}
  RETURNING id, position`;

/**
 * A transaction of its own in one trip: the lock, the facts, the wake-up, the commit. The lock is held before the first
 * row comes out of the join, and positions are taken after that. The data-modifying part runs to its end whatever the
 * outer LIMIT says; when nothing new came in, nobody is woken.
 */
const PUBLISH_SQL = `
  WITH held AS MATERIALIZED (
    SELECT set_config('lock_timeout', $7, true), pg_advisory_xact_lock(${LOCK_CLASS}, ${APPEND_LOCK})
  ),
  entered AS (${insertSql(`held CROSS JOIN ${NEW_FACTS_SQL}`, 'ON CONFLICT (id) DO NOTHING')})
  SELECT pg_notify('${NOTIFY_CHANNEL}', $6) FROM entered LIMIT 1`;

const APPEND_SQL = `WITH entered AS (${insertSql(NEW_FACTS_SQL, '')}),
  told AS MATERIALIZED (SELECT pg_notify('${NOTIFY_CHANNEL}', $6) AS notified)
  SELECT entered.id, entered.position FROM entered CROSS JOIN told`;

/** Enters events under the lock; gives their positions by id. A known id is an error. */
export async function appendFacts(sql: SqlSession, events: readonly StoredEvent[]): Promise<Map<string, bigint>> {
  const rows = await sql.rows<{ id: string; position: string }>(APPEND_SQL, columnsOf(events));
  return new Map(rows.map((row) => [row.id, BigInt(row.position)]));
}

/** Enters events in a transaction of its own, under the lock; a known id is left as it is. */
export async function publishFacts(
  sql: SqlSession,
  events: readonly FactEvent[],
  limits: LogLockLimits,
): Promise<void> {
  await sql.rows(PUBLISH_SQL, [...columnsOf(events), `${limits.lockTimeoutMs}ms`]);
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

/** What a row is made of. */
type FactEvent = Omit<StoredEvent, 'topic'>;

function columnsOf(events: readonly FactEvent[]): string[] {
  const ids: string[] = [];
  const topics: string[] = [];
  const subjects: string[] = [];
  const types: string[] = [];
  const texts: string[] = [];
  for (const { id, subject, type, text } of events) {
    if (id.includes(TEXT_SEPARATOR) || subject.includes(TEXT_SEPARATOR)) {
      throw new Error(`Event ${JSON.stringify(id)} has a control character in its id or subject`);
    }
    ids.push(id);
    topics.push(topicOf(type as EventType));
    subjects.push(subject);
    types.push(type);
    texts.push(text);
  }
  const columns = [ids, topics, subjects, types, texts].map((column) => column.join(TEXT_SEPARATOR));
  return [...columns, [...new Set(topics)].join(',')];
}
