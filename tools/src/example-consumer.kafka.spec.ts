import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventData, NewEvent } from '@tollgate/contracts';
import { KafkaEventLog, migrateEventLog, sqlOfPg } from '@tollgate/event-log';
import { eventually, type FreshDatabase, freshDatabase } from '@tollgate/testing';

const CONSUMER = join(import.meta.dirname, '../../docs/consumer.mjs');
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const TIME = '2026-01-02T03:04:05.678Z';

function billed(runId: string, payerUserId: string, runnerMicros = 0): NewEvent<'RequestBilled'> {
  const data: EventData<'RequestBilled'> = {
    runId,
    workspaceId: 'ws1',
    workspaceName: 'Research',
    workflowId: 'wf1',
    workflowName: 'Summary',
    keyId: 'key1',
    keyName: 'Laptop',
    keyKind: 'personal',
    actorUserId: payerUserId,
    payerUserId,
    trigger: 'api',
    payerRule: 'key-type',
    priceId: 'default',
    admittedAt: TIME,
    durationMs: 1,
    baseMicros: 5_000,
    runnerMicros,
  };
  return {
    id: `${runId}:billed`,
    type: 'RequestBilled',
    source: '/tollgate/gateway',
    subject: runId,
    time: TIME,
    data,
  };
}

describe('the consumer in docs/', () => {
  const brokers = process.env.TEST_KAFKA_BROKERS ?? '';
  const topicPrefix = `spec${randomBytes(5).toString('hex')}.`;
  let database: FreshDatabase;
  let log: KafkaEventLog;
  let consumer: ChildProcess | undefined;

  beforeAll(async () => {
    if (brokers === '')
      throw new Error('TEST_KAFKA_BROKERS is not set: this spec needs the host:port of a running Kafka');
    database = await freshDatabase();
    await migrateEventLog(sqlOfPg(database.pool));
    log = await KafkaEventLog.open({
      brokers: brokers.split(','),
      clientId: 'spec',
      topicPrefix,
      pool: database.pool,
      listen: database.url,
      log: SILENT,
      relay: false,
    });
  }, 60_000);
  afterAll(async () => {
    consumer?.kill('SIGKILL');
    await log?.close();
    await database?.drop();
  });

  test('is thirty lines at most, and adds up what each payer has used, each run once', async () => {
    expect(readFileSync(CONSUMER, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(30);
    await log.publish([billed('r1', 'anna'), billed('r2', 'boris', 7)]);
    await log.publish([billed('r1', 'anna'), billed('r3', 'anna', 1)]);
    const env = { PATH: process.env.PATH, KAFKA_BROKERS: brokers, KAFKA_TOPIC_PREFIX: topicPrefix, GROUP: topicPrefix };
    consumer = spawn(process.execPath, [CONSUMER], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [consumer.stdout, consumer.stderr])
      stream?.on('data', (chunk: Buffer) => (said += `${chunk}`));
    const ended = once(consumer, 'exit');
    const told = () =>
      said.split('\n').flatMap((line) => (line.startsWith('{"payerUserId"') ? [JSON.parse(line) as object] : []));
    await eventually(() => expect(told()).toHaveLength(3), { timeoutMs: 40_000, everyMs: 100 });
    expect(told()).toEqual(
      expect.arrayContaining([
        { payerUserId: 'anna', runId: 'r1', dollars: '0.005000' },
        { payerUserId: 'anna', runId: 'r3', dollars: '0.010001' },
        { payerUserId: 'boris', runId: 'r2', dollars: '0.005007' },
      ]),
    );
    consumer.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  }, 90_000);
});
