import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewEvent, Topic } from '@tollgate/contracts';
import {
  checkpointTableSql,
  inPgTransaction,
  KafkaEventLog,
  migrateEventLog,
  PgCheckpointStore,
  sqlOfPg,
} from '@tollgate/event-log';
import { kafkaAddressOf, loadConfig } from '@tollgate/service-kit';
import { freshDatabase, ownCertificate, type FreshDatabase } from '@tollgate/testing';
import { startKafka, type KafkaBroker } from './kafka-broker.js';

const TIMEOUT_MS = 180_000;
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const TIME = '2026-01-02T03:04:05.678Z';
const CHECKPOINTS = 'public.checkpoints';
const TOPICS: readonly Topic[] = ['activity', 'users'];

function keyUsed(id: string): NewEvent {
  const data = { keyId: 'key_1', usedAt: TIME };
  return { id, type: 'KeyUsed', source: '/tollgate/gateway', subject: 'key_1', time: TIME, data };
}

function userSuspended(id: string): NewEvent {
  const data = { userId: 'usr_1', actor: { type: 'operator', id: 'ops' } } as const;
  return { id, type: 'UserSuspended', source: '/tollgate/keys', subject: 'usr_1', time: TIME, data };
}

describe('a Kafka with TLS and SASL', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-kafka-'));
  const certificate = ownCertificate();
  const user = { username: 'tollgate', password: randomBytes(12).toString('hex') };
  let broker: KafkaBroker;
  let database: FreshDatabase;

  beforeAll(async () => {
    database = await freshDatabase();
    await migrateEventLog(sqlOfPg(database.pool));
    await database.pool.query(checkpointTableSql(CHECKPOINTS));
    broker = await startKafka({ dir, security: { certificateFile: certificate.bothFile, users: [user] } });
  }, TIMEOUT_MS);

  afterAll(async () => {
    await broker?.stop();
    await database?.drop();
    certificate.dispose();
    rmSync(dir, { recursive: true, force: true });
  }, TIMEOUT_MS);

  /** As a service opens its log, by the settings of an operator. */
  function open(more: Record<string, string>): Promise<KafkaEventLog> {
    const config = loadConfig({
      DATABASE_URL: database.url,
      KAFKA_BROKERS: broker.securedBrokers ?? '',
      KAFKA_SSL: 'on',
      KAFKA_CA_FILE: certificate.certificateFile,
      KAFKA_SASL: 'scram-sha-512',
      KAFKA_USERNAME: user.username,
      KAFKA_PASSWORD: user.password,
      ...more,
    });
    return KafkaEventLog.open({ ...kafkaAddressOf(config)!, pool: database.pool, listen: database.url, log: SILENT });
  }

  /** Writes both kinds of facts, follows until they are seen, and lets go of everything. Gives what was seen. */
  async function session(name: string, settings: Record<string, string>): Promise<string[]> {
    const log = await open(settings);
    const ids: string[] = [];
    const following = log.follow({
      name: 'spec',
      topics: TOPICS,
      checkpoint: new PgCheckpointStore(database.pool, CHECKPOINTS),
      handle: (events) => Promise.resolve(void ids.push(...events.map(({ id }) => id))),
    });
    try {
      await log.publish([keyUsed(`published ${name}`)]);
      await inPgTransaction(database.pool, 'BEGIN', (client) =>
        log.append(sqlOfPg(client), [userSuspended(`appended ${name}`)]),
      );
      await following.caughtUp(TIMEOUT_MS);
      return ids.sort();
    } finally {
      await following.stop();
      await log.close();
    }
  }

  it.each(['scram-sha-512', 'scram-sha-256', 'plain'])(
    'carries the log with %s: publish, append, follow, and resume where it ended',
    async (KAFKA_SASL) => {
      for (const nth of ['first', 'second']) {
        const name = `${nth} by ${KAFKA_SASL}`;
        expect(await session(name, { KAFKA_SASL })).toEqual([`appended ${name}`, `published ${name}`]);
      }
    },
    TIMEOUT_MS,
  );

  const noUser = { KAFKA_SASL: '', KAFKA_USERNAME: '', KAFKA_PASSWORD: '' };
  const noTls = { KAFKA_SSL: 'off', KAFKA_CA_FILE: '' };
  const signIn = /authentication failed.*Are KAFKA_USERNAME and KAFKA_PASSWORD right/;
  const plain = /A broker that wants TLS just closes the connection: then set KAFKA_SSL=on/;
  it.each([
    ['a wrong password', { KAFKA_PASSWORD: 'wrong-word' }, signIn],
    ['a wrong password, said openly', { KAFKA_SASL: 'plain', KAFKA_PASSWORD: 'wrong-word' }, signIn],
    ['no user', noUser, /it may want a user: KAFKA_SASL, KAFKA_USERNAME, KAFKA_PASSWORD$/],
    ['no TLS', noTls, plain],
    ['neither TLS nor user', { ...noTls, ...noUser }, plain],
    ['a certificate of nobody known', { KAFKA_CA_FILE: '' }, /certificate.*KAFKA_CA_FILE names the authority/],
  ])(
    'given %s, the start ends and says what to set',
    async (_, settings, told) => {
      const fault = await open(settings).catch((error: Error) => error.message);
      expect(fault).toMatch(new RegExp(`^Cannot use Kafka at ${broker.securedBrokers}: `));
      expect(fault).toMatch(told);
      expect(fault).not.toMatch(new RegExp(`${user.password}|wrong-word`));
    },
    TIMEOUT_MS,
  );

  it.each([
    ['TLS', {}, /Does it speak TLS there\? If not: KAFKA_SSL=off/],
    ['a user', noTls, /This listener takes no SASL: unset KAFKA_SASL/],
  ])(
    'given %s for a listener without, the start ends and says what to set',
    async (_, settings, told) => {
      await expect(open({ KAFKA_BROKERS: broker.brokers, ...settings })).rejects.toThrow(told);
    },
    TIMEOUT_MS,
  );

  it(
    'given another name than its certificate is for, the start ends and says so',
    async () => {
      const KAFKA_BROKERS = (broker.securedBrokers ?? '').replace('127.0.0.1', '127.1');
      await expect(open({ KAFKA_BROKERS })).rejects.toThrow(/Its certificate is for other names: say one of those/);
    },
    TIMEOUT_MS,
  );
});
