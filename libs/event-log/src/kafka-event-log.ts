import { randomUUID } from 'node:crypto';
import type { ClientConfig, Pool } from 'pg';
import { TOPICS } from '@tollgate/contracts';
import type { LoggedEvent, NewEvent } from '@tollgate/contracts';
import { EventLog, PUBLISH_EVENTS_MAX } from './event-log.js';
import type { EventLogLogger } from './event-log-logger.js';
import type { Follower, Following, WrittenEvent } from './event-log.js';
import { headPosition } from './fact-table.js';
import { KafkaClient } from './kafka-client.js';
import type { KafkaAddress } from './kafka-client.js';
import { KafkaFollowing } from './kafka-following.js';
import { messageOf } from './kafka-message.js';
import { Outbox } from './kafka-outbox.js';
import { KafkaRelay } from './kafka-relay.js';
import { KafkaSender } from './kafka-sender.js';
import { kafkaTopic, migrateKafka, TOPIC_PREFIX } from './kafka-topics.js';
import type { TopicOptions } from './kafka-topics.js';
import { LogListener } from './log-listener.js';
import { sleep as realSleep } from './pauses.js';
import type { Sleep } from './pauses.js';
import { PostgresEventLog } from './postgres-event-log.js';
import { sqlOfPg } from './sql-session.js';
import type { SqlSession } from './sql-session.js';
import { assertEnvelope, storedEvent } from './stored-event.js';
import type { StoredEvent } from './stored-event.js';

export interface KafkaEventLogOptions extends KafkaAddress, TopicOptions {
  /** Of the database whose `event_log.facts` is the outbox; run `migrateEventLog` on it first. */
  pool: Pool;
  /** For the relay's LISTEN connection, to the server itself. */
  listen: string | ClientConfig;
  log: EventLogLogger;
  /** Whether this process runs a relay; any number of processes may. Default true. */
  relay?: boolean;
  /**
   * Sets the followers of this log apart: without it they share their work with the followers of their names in other
   * processes; with it they read everything themselves, into checkpoints of their own.
   */
  group?: string;
  /** Records to pass over, as a failed follower names them: `follower@topic/partition/offset`. */
  skip?: readonly string[];
  /** How long a publish tries before it rejects. Default 10,000. */
  publishTimeoutMs?: number;
  /** How long a relay that has fallen silent is waited for. Default 3,000. */
  relayLeaseMs?: number;
  /** How often the relay looks when it is not woken. Default 250. */
  pollMs?: number;
  lockTimeoutMs?: number;
  appendIdleTimeoutMs?: number;
  sleep?: Sleep;
}

const PUBLISH_TIMEOUT_MS = 10_000;

/**
 * The log as Kafka topics, one per aggregate, all kept for ever.
 *
 * `append` writes into the outbox, `event_log.facts`, in the caller's transaction and exactly as `PostgresEventLog`
 * does: same lock, same positions, and the position travels with the event. A relay sends committed facts to Kafka in
 * their order (`KafkaRelay`). `publish` sends straight to Kafka and resolves when all in-sync copies have everything.
 *
 * What differs from a log with one line of positions, within the promises of `EventLog`:
 * - Order holds per partition key (`partitionKey`), which is the subject or something wider, not across keys or topics.
 * - An event may be in the log more than once under its id: after a relay died, and after a publish whose answer was
 *   lost and was repeated. A copy can come after newer events of its subject. Effects must be unique by event id, and
 *   projections must not let an older position overwrite a newer one.
 * - The position of a data-plane event is its offset and one: it compares only among events of one partition key.
 * - `Following.state()` counts events, see `KafkaFollowing`.
 * - A `publish` that rejects may have entered some of its events, or all; repeat it.
 */
export class KafkaEventLog extends EventLog {
  readonly #options: KafkaEventLogOptions;
  readonly #prefix: string;
  readonly #client: KafkaClient;
  readonly #table: PostgresEventLog;
  readonly #outbox: Outbox;
  readonly #sql: SqlSession;
  readonly #sender: KafkaSender;
  readonly #relaySender: KafkaSender;
  readonly #sleep: Sleep;
  #relay: KafkaRelay | undefined;

  private constructor(options: KafkaEventLogOptions) {
    super();
    const { pool, log, topicPrefix = TOPIC_PREFIX, sleep = realSleep } = options;
    this.#options = options;
    this.#prefix = topicPrefix;
    this.#sleep = sleep;
    this.#client = new KafkaClient(options, log);
    this.#table = new PostgresEventLog(options);
    this.#sql = sqlOfPg(pool);
    this.#outbox = new Outbox(this.#sql, topicPrefix);
    const timeoutMs = options.publishTimeoutMs ?? PUBLISH_TIMEOUT_MS;
    this.#sender = new KafkaSender({ client: this.#client, sleep, timeoutMs });
    this.#relaySender = new KafkaSender({ client: this.#client, sleep, timeoutMs });
  }

  /**
   * Makes or checks the topics and the relay's table, and starts the relay. Rejects in a few seconds with what cannot
   * be reached or does not fit.
   */
  static async open(options: KafkaEventLogOptions): Promise<KafkaEventLog> {
    const log = new KafkaEventLog(options);
    try {
      await migrateKafka(log.#client, options, options.log);
      await log.#outbox.migrate();
    } catch (error) {
      await log.close();
      throw error;
    }
    if (options.relay ?? true) log.#startRelay();
    return log;
  }

  /** The relay of this process, for health and lag; undefined when it has none. */
  get relay(): KafkaRelay | undefined {
    return this.#relay;
  }

  append(transaction: SqlSession, events: readonly NewEvent[]): Promise<LoggedEvent[]> {
    return this.#table.append(transaction, events);
  }

  async publish(events: readonly (NewEvent | WrittenEvent)[]): Promise<void> {
    if (events.length > PUBLISH_EVENTS_MAX) {
      throw new Error(`One publish takes ${PUBLISH_EVENTS_MAX} events at most, not ${events.length}`);
    }
    events.forEach(assertEnvelope);
    const once = new Map<string, StoredEvent>();
    for (const event of events) if (!once.has(event.id)) once.set(event.id, storedEvent(event));
    await this.#sender.send([...once.values()].map((event) => messageOf(event, this.#prefix)));
  }

  follow(follower: Follower): Following {
    const ofGroup = this.#options.group === undefined ? '' : `.${this.#options.group}`;
    const ofOne = follower.checkpoint ? ofGroup : `.${randomUUID()}`;
    return new KafkaFollowing(follower, {
      client: this.#client,
      outbox: this.#outbox,
      outboxHead: (topics) => headPosition(this.#sql, topics),
      topicPrefix: this.#prefix,
      groupId: `${this.#prefix}${follower.name}${ofOne}`,
      skip: new Set(this.#options.skip),
      log: this.#options.log,
      sleep: this.#sleep,
    });
  }

  /** Where the partitions of these topics that hold anything end now, by `topic/partition`, as checkpoint rows name them. */
  async ends(topics: Follower['topics']): Promise<Map<string, bigint>> {
    const ends = new Map<string, bigint>();
    for (const topic of topics) {
      const name = kafkaTopic(topic, this.#prefix);
      for (const { partition, low, end } of await this.#client.ends(name)) {
        if (end > low) ends.set(`${name}/${partition}`, end);
      }
    }
    return ends;
  }

  /** Stops the relay and lets go of Kafka. Followers are stopped by whoever started them, before. */
  async close(): Promise<void> {
    await this.#relay?.stop();
    await Promise.all([this.#sender.close(), this.#relaySender.close()]);
    await this.#client.close();
  }

  #startRelay(): void {
    const { listen, log, pollMs = 250, relayLeaseMs } = this.#options;
    const connection = typeof listen === 'string' ? { connectionString: listen } : listen;
    this.#relay = new KafkaRelay({
      outbox: this.#outbox,
      head: () => headPosition(this.#sql, TOPICS),
      sender: this.#relaySender,
      listener: new LogListener({ connection, log, sleep: this.#sleep }),
      topicPrefix: this.#prefix,
      log,
      sleep: this.#sleep,
      pollMs,
      ...(relayLeaseMs === undefined ? {} : { leaseMs: relayLeaseMs }),
    });
  }
}
