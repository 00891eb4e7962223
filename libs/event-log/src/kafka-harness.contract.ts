import { randomBytes } from 'node:crypto';
import { TOPICS } from '@tollgate/contracts';
import { checkpointTableSql, PgCheckpointStore } from './checkpoint.js';
import { migrateEventLog } from './fact-table.js';
import type { EventLogHarness, OpenTransaction } from './harness.contract.js';
import { KafkaClient } from './kafka-client.js';
import { KafkaEventLog } from './kafka-event-log.js';
import type { KafkaEventLogOptions } from './kafka-event-log.js';
import { kafkaTopic } from './kafka-topics.js';
import { OwnDatabase, rememberingLogger } from './own-database.contract.js';
import { sleep as realSleep } from './pauses.js';
import { sqlOfPg } from './sql-session.js';

export const CHECKPOINTS = 'follower.checkpoints';

/** The environment of a spec. */
type ServerAddresses = { TEST_KAFKA_BROKERS?: string | undefined; TEST_DATABASE_URL?: string | undefined };

/** A database and topics of one spec, on real servers, removed after. */
export class KafkaBench {
  readonly pausesMs: number[] = [];
  readonly told = rememberingLogger();
  readonly #open: Promise<KafkaEventLog>[] = [];
  readonly #prefixes: string[] = [];
  topicPrefix = '';

  private constructor(
    readonly database: OwnDatabase,
    readonly brokers: string[],
    readonly client: KafkaClient,
  ) {}

  static async create(env: ServerAddresses): Promise<KafkaBench> {
    const brokers = (env.TEST_KAFKA_BROKERS ?? '').split(',').filter(Boolean);
    if (brokers.length === 0) {
      throw new Error('TEST_KAFKA_BROKERS is not set: this spec needs the host:port of a running Kafka');
    }
    const client = new KafkaClient({ brokers, clientId: 'tollgate-spec' }, rememberingLogger().log);
    await client.ping();
    return new KafkaBench(await OwnDatabase.create(env.TEST_DATABASE_URL), brokers, client);
  }

  /** Empty tables, and topics of a new prefix as soon as a log is opened. */
  async empty(): Promise<void> {
    const { pool } = this.database;
    this.topicPrefix = `spec${randomBytes(5).toString('hex')}.`;
    this.#prefixes.push(this.topicPrefix);
    this.pausesMs.length = 0;
    this.told.lines.length = 0;
    await pool.query('DROP SCHEMA IF EXISTS event_log CASCADE; DROP SCHEMA IF EXISTS follower CASCADE');
    await migrateEventLog(sqlOfPg(pool));
    await pool.query('CREATE SCHEMA follower');
    await pool.query(checkpointTableSql(CHECKPOINTS));
    await pool.query('CREATE TABLE follower.effects (nth bigserial PRIMARY KEY, event_id text NOT NULL)');
  }

  /** A log as one process has it. */
  log(more: Partial<KafkaEventLogOptions> = {}): Promise<KafkaEventLog> {
    const log = KafkaEventLog.open({
      brokers: this.brokers,
      clientId: 'tollgate-spec',
      topicPrefix: this.topicPrefix,
      pool: this.database.pool,
      listen: this.database.url,
      log: this.told.log,
      ...more,
    });
    this.#open.push(log);
    return log;
  }

  async closeLogs(): Promise<void> {
    const opened = await Promise.allSettled(this.#open.splice(0));
    await Promise.all(opened.map((log) => log.status === 'fulfilled' && log.value.close()));
  }

  /** Drops what the specs made. */
  async close(): Promise<void> {
    await this.closeLogs();
    const made = this.#prefixes.flatMap((prefix) => TOPICS.map((topic) => kafkaTopic(topic, prefix)));
    await this.client.admin(async (admin) => {
      const there = await admin.listTopics();
      await admin.deleteTopics({ topics: made.filter((topic) => there.includes(topic)) });
    });
    await this.client.close();
    await this.database.drop();
  }

  async effects(): Promise<string[]> {
    const { rows } = await this.database.pool.query('SELECT event_id FROM follower.effects ORDER BY nth');
    return rows.map((row: { event_id: string }) => row.event_id);
  }

  readonly checkpoint = () => new PgCheckpointStore(this.database.pool, CHECKPOINTS);

  readonly recordEffect: EventLogHarness['recordEffect'] = async (session, eventId) => {
    await session.rows('INSERT INTO follower.effects (event_id) VALUES ($1)', [eventId]);
  };

  async harness(): Promise<EventLogHarness> {
    await this.empty();
    const sleep = (ms: number, signal: AbortSignal) => {
      this.pausesMs.push(ms);
      return realSleep(1, signal);
    };
    const [log, elsewhere] = await Promise.all([this.log({ sleep }), this.log({ sleep })]);
    return {
      log,
      elsewhere,
      checkpoint: this.checkpoint(),
      oneLine: false,
      begin: () => this.database.begin(),
      isHeldUp: (transaction) =>
        this.database.waitsForAdvisoryLock((transaction as OpenTransaction & { pid: number }).pid),
      recordEffect: this.recordEffect,
      effects: () => this.effects(),
      pausesMs: this.pausesMs,
      close: () => this.closeLogs(),
    };
  }
}
