import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { KafkaClient } from '@tollgate/event-log';
import { installKafka, type InstalledKafka } from './kafka-install.js';
import { choosePorts, loggingProperties, scramUsers, serverProperties } from './kafka-settings.js';
import type { KafkaPorts, KafkaSecurity } from './kafka-settings.js';
import { launch, type OwnProcess, stopProcess, whenReady } from './own-process.js';

const READY_TIMEOUT_MS = 60_000;
const FORMAT_TIMEOUT_MS = 60_000;

export interface KafkaBroker extends OwnProcess {
  name: 'kafka';
  kind: 'infra';
  /** `host:port`, as `KAFKA_BROKERS` takes it. */
  brokers: string;
  /** The same with TLS and SASL, where `security` was given. */
  securedBrokers?: string;
  /** Ends the process by its id: politely, then by force. Safe to call twice. */
  stop(): Promise<void>;
}

export interface KafkaBrokerOptions {
  /** Data, settings and logs; made when missing. A second start with the same folder goes on with its data and port. */
  dir: string;
  /** Default: the folder's last one, else a free one. */
  port?: number;
  /** Where the jars are kept; default `~/.cache/tollgate`. */
  cacheDir?: string;
  /** A second listener, with TLS and SASL. Its users are made with the data folder. */
  security?: KafkaSecurity;
}

/**
 * Starts a real Apache Kafka (KRaft, one node) without containers, and resolves when it answers a metadata request.
 * Rejects with what is missing or what Kafka said; no process is left then.
 */
export async function startKafka(options: KafkaBrokerOptions): Promise<KafkaBroker> {
  const dir = resolve(options.dir);
  const installed = await installKafka(options.cacheDir);
  const ports = await portsOf(dir, options.port);
  await prepare(dir, ports, installed, options.security);
  const { argv, env, log } = commandOf(dir, installed);
  const pid = launch({ argv, env, cwd: dir, log });
  const brokers = `127.0.0.1:${ports.port}`;
  const stop = () => stopProcess('Kafka', pid);
  try {
    await ready(brokers, pid, dir);
  } catch (error) {
    await stop();
    throw error;
  }
  const secured = options.security && { securedBrokers: `127.0.0.1:${ports.securedPort}` };
  return { name: 'kafka', kind: 'infra', pid, url: brokers, argv, env, cwd: dir, log, brokers, ...secured, stop };
}

async function ready(brokers: string, pid: number, dir: string): Promise<void> {
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const client = new KafkaClient({ brokers: [brokers], clientId: 'tollgate-stack' }, silent);
  const logs = ['kafka.log', 'server.log'].map((name) => join(dir, name));
  try {
    const name = `Kafka at ${brokers}`;
    await whenReady({ name, pid, answers: () => client.ping(), timeoutMs: READY_TIMEOUT_MS, logs });
  } finally {
    await client.close();
  }
}

const PORTS_FILE = 'ports.json';

async function portsOf(dir: string, wanted?: number): Promise<KafkaPorts> {
  const file = join(dir, PORTS_FILE);
  const last = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as KafkaPorts) : undefined;
  const chosen = await choosePorts(wanted);
  return last && (wanted === undefined || wanted === last.port) ? { ...chosen, ...last } : chosen;
}

/** Writes the settings, and formats the data folder when it is new. */
async function prepare(
  dir: string,
  ports: KafkaPorts,
  { java, classPath }: InstalledKafka,
  security?: KafkaSecurity,
): Promise<void> {
  const data = join(dir, 'data');
  mkdirSync(data, { recursive: true });
  writeFileSync(join(dir, PORTS_FILE), JSON.stringify(ports));
  writeFileSync(join(dir, 'server.properties'), serverProperties(ports, data, security), { mode: 0o600 });
  writeFileSync(join(dir, 'log4j2.properties'), loggingProperties(join(dir, 'server.log')));
  if (existsSync(join(data, 'meta.properties'))) return;
  const tool = ['-cp', classPath, `-Dlog4j2.configurationFile=${join(dir, 'log4j2.properties')}`];
  const run = promisify(execFile);
  const storage = (...words: string[]) =>
    run(java, [...tool, 'kafka.tools.StorageTool', ...words], { timeout: FORMAT_TIMEOUT_MS });
  const { stdout } = await storage('random-uuid');
  const clusterId = stdout.trim().split(/\s+/).at(-1) ?? '';
  await storage(
    'format',
    '-t',
    clusterId,
    '-c',
    join(dir, 'server.properties'),
    ...(security ? scramUsers(security) : []),
  );
}

function commandOf(dir: string, { java, classPath }: InstalledKafka) {
  const argv = [
    java,
    '-Xms128m',
    '-Xmx512m',
    '-XX:+ExitOnOutOfMemoryError',
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${join(dir, 'log4j2.properties')}`,
    '-cp',
    classPath,
    'kafka.Kafka',
    join(dir, 'server.properties'),
  ];
  return { argv, env: { PATH: process.env.PATH ?? '' }, log: join(dir, 'kafka.log') };
}
