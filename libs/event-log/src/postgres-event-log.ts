import type { ClientConfig, Pool } from 'pg';
import type { LoggedEvent, NewEvent, Topic } from '@tollgate/contracts';
import { Bell } from './bell.js';
import { sqlCheckpoints } from './checkpoint.js';
import type { EventLogLogger } from './event-log-logger.js';
import { EventLog, PUBLISH_EVENTS_MAX } from './event-log.js';
import type { Follower, Following, WrittenEvent } from './event-log.js';
import { appendFacts, headPosition, holdLog, publishFacts, readFacts } from './fact-table.js';
import type { LogLockLimits } from './fact-table.js';
import { LogListener } from './log-listener.js';
import { sleep as realSleep } from './pauses.js';
import type { Sleep } from './pauses.js';
import { PositionFollowing } from './position-following.js';
import type { FollowingParts } from './position-following.js';
import { sqlOfPg } from './sql-session.js';
import type { SqlSession } from './sql-session.js';
import { assertEnvelope, checkedEvent, loggedEvent, storedEvent } from './stored-event.js';

export interface PostgresEventLogOptions {
  /** Of the database that holds `event_log.facts`; run `migrateEventLog` on it first. */
  pool: Pool;
  /** For the one LISTEN connection, to the server itself: a transaction pooler does not pass notifications on. */
  listen: string | ClientConfig;
  log: EventLogLogger;
  /** How often a follower looks when it is not woken. Default 250. */
  pollMs?: number;
  /** How long an append or publish waits for the others' commits. Default 10,000. */
  lockTimeoutMs?: number;
  /** How long a transaction may sit idle after its append before the server ends it. Default 10,000. */
  appendIdleTimeoutMs?: number;
  sleep?: Sleep;
}

/**
 * The log as a table of PostgreSQL. Appends and publishes hold one advisory lock until their commit is visible, so
 * the order of positions is the order of commits and a reader that asks for `position > checkpoint` skips nothing.
 * Positions have gaps (a rolled back append takes its positions with it). Facts are kept for ever.
 *
 * `append` holds up every other append until the caller commits: call it last. A caller that dawdles is cut off by
 * the server after `appendIdleTimeoutMs`; one that does not get its turn fails after `lockTimeoutMs`.
 */
export class PostgresEventLog extends EventLog {
  readonly #following: Pick<FollowingParts, 'pollMs' | 'log' | 'sleep'>;
  readonly #limits: LogLockLimits;
  readonly #sql: SqlSession;
  readonly #listener: LogListener;

  constructor(options: PostgresEventLogOptions) {
    super();
    const { pool, listen, log, pollMs = 250, lockTimeoutMs = 10_000, appendIdleTimeoutMs = 10_000 } = options;
    const { sleep = realSleep } = options;
    this.#sql = sqlOfPg(pool);
    this.#following = { pollMs, log, sleep };
    this.#limits = { lockTimeoutMs, idleTimeoutMs: appendIdleTimeoutMs };
    const connection = typeof listen === 'string' ? { connectionString: listen } : listen;
    this.#listener = new LogListener({ connection, log, sleep });
    // An idle connection that breaks ends the process when nobody listens.
    if (pool.listenerCount('error') === 0) {
      pool.on('error', (error) => log.warn({ fault: error.message }, 'An idle database connection was lost'));
    }
  }

  async append(transaction: SqlSession, events: readonly NewEvent[]): Promise<LoggedEvent[]> {
    if (events.length === 0) return [];
    const checked = events.map(checkedEvent);
    await holdLog(transaction, this.#limits);
    const positions = await appendFacts(transaction, checked.map(storedEvent));
    return checked.map((event) => ({ ...event, position: positions.get(event.id) as bigint }));
  }

  async publish(events: readonly (NewEvent | WrittenEvent)[]): Promise<void> {
    if (events.length === 0) return;
    if (events.length > PUBLISH_EVENTS_MAX) {
      throw new Error(`One publish takes ${PUBLISH_EVENTS_MAX} events at most, not ${events.length}`);
    }
    events.forEach(assertEnvelope);
    const written = events.map((event) => ('text' in event ? event : storedEvent(event)));
    await publishFacts(this.#sql, written, this.#limits);
  }

  follow(follower: Follower): Following {
    const bell = new Bell();
    this.#listener.add(bell, follower.topics);
    return new PositionFollowing(follower, {
      read: (topics, after, limit) => readFacts(this.#sql, topics, after, limit),
      head: (topics) => headPosition(this.#sql, topics),
      checkpoints: sqlCheckpoints,
      bell,
      ...this.#following,
      onEnd: () => this.#listener.remove(bell),
    });
  }
}

/** The next events of these topics after a position, for tools that look into the log without following it. */
export async function readFrom(
  pool: Pool,
  topics: readonly Topic[],
  position: bigint,
  limit: number,
): Promise<LoggedEvent[]> {
  return (await readFacts(sqlOfPg(pool), topics, position, limit)).map(loggedEvent);
}
