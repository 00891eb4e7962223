import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { KafkaClient } from '@tollgate/event-log';
import { installKafka, KAFKA_VERSION, type InstalledKafka } from './kafka-install.js';
import { choosePorts, loggingProperties, serverProperties, type KafkaPorts } from './kafka-settings.js';

const READY_TIMEOUT_MS = 60_000;
const FORMAT_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const KILL_TIMEOUT_MS = 5_000;
const POLL_MS = 100;
const LOG_TAIL_CHARS = 1_500;

/** A process of its own, as `stack.json` lists it: started again by its argv, env and cwd it goes on with its data. */
export interface KafkaProcess {
  name: 'kafka';
  kind: 'infra';
  pid: number;
  url: string;
  argv: string[];
  env: Record<string, string>;
  cwd: string;
  log: string;
}

export interface KafkaBroker extends KafkaProcess {
  /** `host:port`, as `KAFKA_BROKERS` takes it. */
  brokers: string;
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
}

/**
 * Starts a real Apache Kafka (KRaft, one node) without containers, and resolves when it answers a metadata request.
 * Rejects with what is missing or what Kafka said; no process is left then.
 */
export async function startKafka(options: KafkaBrokerOptions): Promise<KafkaBroker> {
  const dir = resolve(options.dir);
  const installed = await installKafka(options.cacheDir);
  const ports = await portsOf(dir, options.port);
  await prepare(dir, ports, installed);
  const { argv, env, log } = commandOf(dir, installed);
  const pid = launch(argv, env, dir, log);
  const brokers = `127.0.0.1:${ports.port}`;
  const stop = () => stopProcess(pid);
  try {
    await ready(brokers, pid, dir);
  } catch (error) {
    await stop();
    throw error;
  }
  return { name: 'kafka', kind: 'infra', pid, url: brokers, argv, env, cwd: dir, log, brokers, stop };
}

/** Resolves when the broker answers; rejects in time with the end of its log, at once when its process has ended. */
async function ready(brokers: string, pid: number, dir: string): Promise<void> {
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const client = new KafkaClient({ brokers: [brokers], clientId: 'tollgate-stack' }, silent);
  const deadline = performance.now() + READY_TIMEOUT_MS;
  try {
    for (;;) {
      const answered = await client.ping().then(
        () => true,
        () => false,
      );
      if (answered) return;
      if (!isAlive(pid)) throw new Error(`Kafka ended while it started.${tailOf(dir)}`);
      if (performance.now() > deadline) {
        throw new Error(`Kafka at ${brokers} does not answer after ${READY_TIMEOUT_MS} ms.${tailOf(dir)}`);
      }
      await pause(POLL_MS);
    }
  } finally {
    await client.close();
  }
}

const PORTS_FILE = 'ports.json';

async function portsOf(dir: string, wanted?: number): Promise<KafkaPorts> {
  const file = join(dir, PORTS_FILE);
  const last = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as KafkaPorts) : undefined;
  if (last && (wanted === undefined || wanted === last.port)) return last;
  return choosePorts(wanted);
}

/** Writes the settings, and formats the data folder when it is new. */
async function prepare(dir: string, ports: KafkaPorts, { java, classPath }: InstalledKafka): Promise<void> {
  const data = join(dir, 'data');
  mkdirSync(data, { recursive: true });
  writeFileSync(join(dir, PORTS_FILE), JSON.stringify(ports));
  writeFileSync(join(dir, 'server.properties'), serverProperties(ports, data));
  writeFileSync(join(dir, 'log4j2.properties'), loggingProperties(join(dir, 'server.log')));
  if (existsSync(join(data, 'meta.properties'))) return;
  const tool = ['-cp', classPath, `-Dlog4j2.configurationFile=${join(dir, 'log4j2.properties')}`];
  const run = promisify(execFile);
  const storage = (...words: string[]) =>
    run(java, [...tool, 'kafka.tools.StorageTool', ...words], { timeout: FORMAT_TIMEOUT_MS });
  const { stdout } = await storage('random-uuid');
  const clusterId = stdout.trim().split(/\s+/).at(-1) ?? '';
  await storage('format', '-t', clusterId, '-c', join(dir, 'server.properties'));
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

function launch(argv: readonly string[], env: Record<string, string>, cwd: string, log: string): number {
  const out = openSync(log, 'a');
  const [command = 'java', ...words] = argv;
  const child = spawn(command, words, { cwd, env, detached: true, stdio: ['ignore', out, out] });
  closeSync(out);
  child.on('error', () => undefined);
  child.unref();
  if (child.pid === undefined) throw new Error(`Kafka ${KAFKA_VERSION} could not be started with ${command}`);
  return child.pid;
}

/** What went to the output and what went to the log file. */
function tailOf(dir: string): string {
  const ends = ['kafka.log', 'server.log'].map((name) => {
    const file = join(dir, name);
    return existsSync(file) ? readFileSync(file, 'utf8').slice(-LOG_TAIL_CHARS).trim() : '';
  });
  const said = ends.filter(Boolean).join('\n');
  return said ? ` It said:\n${said}` : ` See ${dir}`;
}

async function stopProcess(pid: number): Promise<void> {
  for (const [signal, timeoutMs] of [
    ['SIGTERM', STOP_TIMEOUT_MS],
    ['SIGKILL', KILL_TIMEOUT_MS],
  ] as const) {
    if (!send(pid, signal)) return;
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      if (!isAlive(pid)) return;
      await pause(POLL_MS);
    }
  }
  throw new Error(`Kafka, process ${pid}, does not end`);
}

/** Whether there was anything to signal. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  return send(pid, 0);
}
