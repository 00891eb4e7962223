import {
  type EventLog,
  type Following,
  type KafkaAddress,
  KafkaEventLog,
  KafkaLogEnds,
  type LogEnds,
  migrateEventLog,
  PostgresEventLog,
  PostgresLogEnds,
  sqlOfPg,
} from '@tollgate/event-log';
import type pg from 'pg';
import type { Config } from './config.js';
import { addressOf } from './database.js';
import type { Log } from './log.js';

/** The event log of this process, in whichever body the configuration names. */
export interface PlatformLog {
  eventLog: EventLog;
  ends: LogEnds;
  /** What it runs by itself, for the health report. */
  followings: readonly Following[];
  /** After every follower has been stopped. */
  close(): Promise<void>;
}

/**
 * Opens the log: Kafka when `KAFKA_BROKERS` is set, with the table of facts as its outbox; otherwise that table itself.
 * Throws an error that names what cannot be used and what to do.
 */
export async function openPlatformLog(config: Config, log: Log, pool: pg.Pool): Promise<PlatformLog> {
  const url = config.DATABASE_URL ?? '';
  try {
    await migrateEventLog(sqlOfPg(pool));
  } catch (error) {
    throw new Error(`Cannot use the database at ${addressOf(url)}: ${(error as Error).message}`, { cause: error });
  }
  const address = kafkaAddressOf(config);
  if (!address) {
    const eventLog = new PostgresEventLog({ pool, listen: url, log: log.pino });
    return {
      eventLog,
      ends: new PostgresLogEnds(sqlOfPg(pool)),
      followings: [],
      close: () => Promise.resolve(),
    };
  }
  const kafka = await KafkaEventLog.open({
    ...address,
    pool,
    listen: url,
    log: log.pino,
    skip: config.KAFKA_SKIP,
    topicPrefix: config.KAFKA_TOPIC_PREFIX,
    ...(config.KAFKA_REPLICATION !== undefined && { replicationFactor: config.KAFKA_REPLICATION }),
  });
  return {
    eventLog: kafka,
    ends: new KafkaLogEnds(kafka),
    followings: kafka.relay ? [kafka.relay] : [],
    close: () => kafka.close(),
  };
}

/** Where Kafka is, by the settings; undefined without `KAFKA_BROKERS`. */
export function kafkaAddressOf(config: Config): KafkaAddress | undefined {
  if (!config.KAFKA_BROKERS) return undefined;
  return {
    brokers: config.KAFKA_BROKERS,
    clientId: 'tollgate',
    ssl: config.KAFKA_SSL === 'on' && (config.KAFKA_CA_FILE === undefined || { caFile: config.KAFKA_CA_FILE }),
    ...(config.KAFKA_SASL !== undefined && {
      sasl: {
        mechanism: config.KAFKA_SASL,
        username: config.KAFKA_USERNAME ?? '',
        password: config.KAFKA_PASSWORD ?? '',
      },
    }),
  };
}
