import { randomUUID } from 'node:crypto';
import { type EventLog, type EventLogLogger, KafkaEventLog, PostgresEventLog } from '@tollgate/event-log';
import { type Config, kafkaAddressOf } from '@tollgate/service-kit';
import pg from 'pg';

/** The log to read, without a relay, and apart from the consumers that the services are. */
export async function openSource(
  source: Config,
  log: EventLogLogger,
): Promise<{ eventLog: EventLog; close(): Promise<void> }> {
  const url = source.DATABASE_URL ?? '';
  const pool = new pg.Pool({ connectionString: url, max: 4, application_name: 'tollgate-replay' });
  pool.on('error', () => undefined);
  const address = kafkaAddressOf(source);
  if (!address) {
    return { eventLog: new PostgresEventLog({ pool, listen: url, log }), close: () => pool.end() };
  }
  const kafka = await KafkaEventLog.open({
    ...address,
    pool,
    listen: url,
    log,
    relay: false,
    group: `replay-${randomUUID()}`,
    skip: source.KAFKA_SKIP,
    topicPrefix: source.KAFKA_TOPIC_PREFIX,
  }).catch(async (error: unknown) => {
    await pool.end();
    throw error;
  });
  const close = async () => {
    await kafka.close();
    await pool.end();
  };
  return { eventLog: kafka, close };
}
