import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { LoggedEvent, NewEvent } from '@tollgate/contracts';
import { KafkaClient, KafkaEventLog, migrateEventLog, sqlOfPg, type Following } from '@tollgate/event-log';
import { eventually } from '@tollgate/testing';
import pg from 'pg';
import { startKafka, type KafkaBroker } from './kafka-broker.js';
import { installKafka } from './kafka-install.js';
import { isAlive } from './own-process.js';

const TIMEOUT_MS = 180_000;
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const TIME = '2026-01-02T03:04:05.678Z';

function keyUsed(id: string): NewEvent<'KeyUsed'> {
  const data = { keyId: 'key_1', usedAt: TIME };
  return { id, type: 'KeyUsed', source: '/tollgate/gateway', subject: 'key_1', time: TIME, data };
}

function userSuspended(id: string): NewEvent<'UserSuspended'> {
  const data = { userId: 'usr_1', actor: { type: 'operator', id: 'ops' } } as const;
  return { id, type: 'UserSuspended', source: '/tollgate/keys', subject: 'usr_1', time: TIME, data };
}

describe('a real Kafka without containers', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-kafka-'));
  const database = `kafka_broker_${randomBytes(6).toString('hex')}`;
  let broker: KafkaBroker;
  /** The process that runs now; it is started again from what `broker` says of itself. */
  let pid = 0;
  let server: pg.Client;
  let pool: pg.Pool;
  let log: KafkaEventLog;

  beforeAll(async () => {
    if (!process.env.TEST_DATABASE_URL) throw new Error('TEST_DATABASE_URL is not set: a running PostgreSQL is needed');
    server = new pg.Client(process.env.TEST_DATABASE_URL);
    await server.connect();
    await server.query(`CREATE DATABASE ${database}`);
    const url = new URL(process.env.TEST_DATABASE_URL);
    url.pathname = `/${database}`;
    pool = new pg.Pool({ connectionString: url.href });
    await migrateEventLog(sqlOfPg(pool));
    broker = await startKafka({ dir });
    pid = broker.pid;
    const brokers = [broker.brokers];
    log = await KafkaEventLog.open({ brokers, clientId: 'spec', pool, listen: url.href, log: SILENT });
  }, TIMEOUT_MS);

  afterAll(async () => {
    await log?.close();
    await pool?.end();
    await server?.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    await server?.end();
    if (pid) await end('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }, TIMEOUT_MS);

  function alive(): boolean {
    return isAlive(pid);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (!alive()) return;
    process.kill(pid, signal);
    await eventually(() => expect(alive()).toBe(false), { timeoutMs: 30_000 });
  }

  /** As anybody would who has only read `stack.json`. */
  function startAgain(): void {
    const { argv, env, cwd } = broker;
    const child = spawn(argv[0]!, argv.slice(1), { cwd, env, stdio: 'ignore' });
    pid = child.pid ?? 0;
  }

  function follow(name: string, topics: readonly ('activity' | 'users')[]): { ids: string[]; following: Following } {
    const ids: string[] = [];
    const handle = (events: LoggedEvent[]) => Promise.resolve(void ids.push(...events.map(({ id }) => id)));
    return { ids, following: log.follow({ name, topics, handle }) };
  }

  it('answers, and says how it can be started again', async () => {
    const client = new KafkaClient({ brokers: [broker.url], clientId: 'spec' }, SILENT);
    await client.ping();
    await client.close();
    expect(broker).toMatchObject({ name: 'kafka', kind: 'infra', cwd: dir });
    expect(broker.argv).toContain('kafka.Kafka');
    expect(Object.keys(broker.env)).toEqual(['PATH']);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'loses nothing of a running publisher, relay and follower when it is ended by %s and started again',
    async (signal) => {
      const { ids, following } = follow(`at ${signal}`, ['activity', 'users']);
      const acknowledged: string[] = [];
      let running = true;
      const publisher = (async () => {
        for (let nth = 0; running; nth += 1) {
          const event = keyUsed(`${signal}.${nth}`);
          // As the gateway's shipper does: the same events until they are acknowledged.
          while (running) {
            const isKept = await log.publish([event]).then(
              () => true,
              () => false,
            );
            if (isKept) {
              acknowledged.push(event.id);
              break;
            }
            await setTimeout(50);
          }
        }
      })();
      try {
        await eventually(() => expect(ids.length).toBeGreaterThan(50), { timeoutMs: 60_000 });
        await end(signal);
        const client = await pool.connect();
        await client.query('BEGIN');
        await log.append(sqlOfPg(client), [userSuspended(`${signal} while down`)]);
        await client.query('COMMIT');
        client.release();
        await eventually(() => expect(following.state().status).toBe('retrying'), { timeoutMs: 20_000 });
        const before = acknowledged.length;
        startAgain();
        await eventually(() => expect(acknowledged.length).toBeGreaterThan(before + 50), { timeoutMs: 60_000 });
      } finally {
        running = false;
        await publisher;
      }
      await following.caughtUp(60_000);
      expect(following.state().status).toBe('running');
      await following.stop();
      const seen = new Set(ids);
      expect(acknowledged.filter((id) => !seen.has(id))).toEqual([]);
      expect(seen).toContain(`${signal} while down`);
      // First sights are in order.
      const firsts = [...seen].filter((id) => acknowledged.includes(id));
      expect(firsts).toEqual(acknowledged);
    },
    TIMEOUT_MS,
  );

  it(
    'makes a publish reject in time while it is down',
    async () => {
      await end('SIGKILL');
      const url = new URL(process.env.TEST_DATABASE_URL ?? '');
      url.pathname = `/${database}`;
      startAgain();
      const brokers = [broker.brokers];
      const client = new KafkaClient({ brokers, clientId: 'spec' }, SILENT);
      await eventually(() => client.ping(), { timeoutMs: 60_000 });
      await client.close();
      const options = { brokers, clientId: 'spec', pool, listen: url.href, log: SILENT, relay: false };
      const hasty = await KafkaEventLog.open({ ...options, publishTimeoutMs: 1_500 });
      await hasty.publish([keyUsed('before')]);
      await end('SIGKILL');
      const begun = performance.now();
      await expect(hasty.publish([keyUsed('while down')])).rejects.toThrow(/did not acknowledge within 1500 ms/);
      expect(performance.now() - begun).toBeLessThan(3_000);
      await hasty.close();
    },
    TIMEOUT_MS,
  );

  it(
    'ends by its own hand, goes on with its data and port, and leaves no process',
    async () => {
      await end('SIGKILL');
      const again = await startKafka({ dir });
      pid = again.pid;
      expect(again.brokers).toBe(broker.brokers);
      const { ids, following } = follow('after all', ['users']);
      await following.caughtUp(30_000);
      await following.stop();
      expect(new Set(ids)).toEqual(new Set(['SIGKILL while down', 'SIGTERM while down']));
      await again.stop();
      await again.stop();
      expect(alive()).toBe(false);
    },
    TIMEOUT_MS,
  );

  it('says what to install when there is no Java or no Maven', async () => {
    const { PATH = '', JAVA_HOME } = process.env;
    const cacheDir = join(dir, 'no-cache');
    const java = PATH.split(delimiter)
      .map((folder) => join(folder, 'java'))
      .find((file) => existsSync(file));
    try {
      process.env.JAVA_HOME = '/nowhere';
      await expect(installKafka(cacheDir)).rejects.toThrow(/needs Java 17.*apt-get install -y openjdk-17-jre-headless/);
      delete process.env.JAVA_HOME;
      const onlyJava = mkdtempSync(join(dir, 'path-'));
      symlinkSync(java ?? '', join(onlyJava, 'java'));
      process.env.PATH = onlyJava;
      await expect(installKafka(cacheDir)).rejects.toThrow(/no mvn.*apt-get install -y maven/);
    } finally {
      if (JAVA_HOME !== undefined) process.env.JAVA_HOME = JAVA_HOME;
      else delete process.env.JAVA_HOME;
      process.env.PATH = PATH;
    }
  });
});
