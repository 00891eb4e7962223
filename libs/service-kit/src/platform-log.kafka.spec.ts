import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { TOPICS } from '@tollgate/contracts';
import { KafkaClient } from '@tollgate/event-log';
import { eventually, type FreshDatabase, freshDatabase, freePort } from '@tollgate/testing';
import { loadConfig } from './config.js';
import { PinoLog } from './log.js';
import { Platform } from './platform.js';

const silent = new PinoLog('silent', 'spec');

describe('a platform on Kafka', () => {
  const brokers = process.env.TEST_KAFKA_BROKERS ?? '';
  const prefix = `spec${randomBytes(5).toString('hex')}.`;
  let database: FreshDatabase;
  let client: KafkaClient;

  beforeAll(async () => {
    if (brokers === '')
      throw new Error('TEST_KAFKA_BROKERS is not set: this spec needs the host:port of a running Kafka');
    database = await freshDatabase();
    client = new KafkaClient({ brokers: brokers.split(','), clientId: 'spec' }, silent.pino);
  });
  afterAll(async () => {
    await client.admin(async (admin) => {
      const there = await admin.listTopics();
      await admin.deleteTopics({ topics: there.filter((topic) => topic.startsWith(prefix)) });
    });
    await client.close();
    await database.drop();
  });

  const open = (settings: Record<string, string> = {}) =>
    Platform.open(
      loadConfig({ DATABASE_URL: database.url, KAFKA_BROKERS: brokers, KAFKA_TOPIC_PREFIX: prefix, ...settings }),
      silent,
      [],
    );

  test('makes its topics, runs a relay and is ready', async () => {
    const platform = await open();
    try {
      await platform.ready();
      expect(platform.followings.map((following) => following.state().name)).toEqual(['directory', 'kafka-relay']);
      await eventually(() =>
        expect(platform.followings.map((following) => following.state().status)).toEqual(['running', 'running']),
      );
      const there = await client.admin((admin) => admin.listTopics());
      expect(there).toEqual(expect.arrayContaining(TOPICS.map((topic) => `${prefix}${topic}`)));
    } finally {
      await platform.close();
    }
  }, 60_000);

  test('given an address where nobody listens, it says which one and what to look at', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    await expect(open({ KAFKA_BROKERS: nobody })).rejects.toThrow(
      new RegExp(`Cannot use Kafka at ${nobody}: .*Is it reachable from here\\?`),
    );
  }, 60_000);

  test('given a broker that wants TLS, it says that TLS may be the reason', async () => {
    const tls = await closing();
    const { port } = tls.address() as AddressInfo;
    try {
      await expect(open({ KAFKA_BROKERS: `127.0.0.1:${port}` })).rejects.toThrow(/then set KAFKA_SSL=on/);
    } finally {
      tls.close();
    }
  }, 60_000);

  test('given TLS for a broker that does not speak it, it says so', async () => {
    await expect(open({ KAFKA_SSL: 'on' })).rejects.toThrow(/Does it speak TLS there\?/);
  }, 60_000);

  test('given a certificate file that is not there, it names it', async () => {
    await expect(open({ KAFKA_SSL: 'on', KAFKA_CA_FILE: '/nowhere/ca.pem' })).rejects.toThrow(
      'KAFKA_CA_FILE: cannot read /nowhere/ca.pem (ENOENT)',
    );
  });

  test('given a topic with too few partitions, it names topic and number', async () => {
    const narrow = `${prefix}narrow.`;
    await client.admin((admin) =>
      admin.createTopics({ topics: [{ topic: `${narrow}usage`, numPartitions: 2 }], waitForLeaders: true }),
    );
    await expect(open({ KAFKA_TOPIC_PREFIX: narrow })).rejects.toThrow(
      `topic ${narrow}usage has too few partitions (2; it needs 6)`,
    );
  }, 60_000);
});

/** As a listener for TLS does with what is no TLS: it closes. */
async function closing(): Promise<Server> {
  const server = createServer((socket) => socket.once('data', () => socket.destroy()).on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
