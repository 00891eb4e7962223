import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import startTestDatabase from './jest-database.mjs';

/**
 * The servers of the fleet's tests: the PostgreSQL of all tests, and one real Kafka, in a folder and on ports of its own.
 * `TEST_KAFKA_BROKERS` names another one instead. Each spec makes topics of its own in it. The built tools start it.
 */
export default async function startTestFleet() {
  await startTestDatabase();
  if (process.env.TEST_KAFKA_BROKERS) return;
  const { startKafka } = await import('./dist/kafka-broker.js');
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-test-kafka-'));
  const stopDatabase = globalThis.stopTestDatabase;
  let broker;
  globalThis.stopTestDatabase = async () => {
    await broker?.stop();
    rmSync(dir, { recursive: true, force: true });
    await stopDatabase?.();
  };
  try {
    broker = await startKafka({ dir });
  } catch (error) {
    // Jest runs no teardown after a setup that failed.
    await globalThis.stopTestDatabase();
    throw error;
  }
  process.env.TEST_KAFKA_BROKERS = broker.brokers;
}
