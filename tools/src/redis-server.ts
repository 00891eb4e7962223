import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@tollgate/testing';
import { isAlive, launch, type OwnProcess, stopProcess, whenReady } from './own-process.js';

const READY_TIMEOUT_MS = 20_000;
const ANSWER_TIMEOUT_MS = 1_000;
const VERSION_TIMEOUT_MS = 10_000;

export interface RedisServer extends OwnProcess {
  name: 'redis';
  kind: 'infra';
  /** `redis://127.0.0.1:<port>`, as `REDIS_URL` takes it; without what `args` may demand besides. */
  url: string;
  port: number;
  /** Ends the process by its id: politely, then by force. Safe to call twice. */
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** Data and log; made when missing. A second start with the same folder goes on with its data. */
  dir: string;
  /** Default: a free one. */
  port?: number;
  /** Further arguments of `redis-server`, e.g. `['--requirepass', 'x']`. They win over ours. */
  args?: readonly string[];
}

/**
 * Starts a real Redis on the loopback address and resolves when it answers. Rejects with what is missing or what Redis
 * said; no process is left then. What it is told survives a restart (append-only file, written each second).
 */
export async function startRedis(options: RedisServerOptions): Promise<RedisServer> {
  const dir = resolve(options.dir);
  await expectInstalled();
  mkdirSync(dir, { recursive: true });
  const port = options.port ?? (await freePort());
  const settings = ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', dir, '--save', '', '--appendonly', 'yes'];
  const argv = ['redis-server', ...settings, ...(options.args ?? [])];
  const log = join(dir, 'redis.log');
  const env = { PATH: process.env.PATH ?? '' };
  const pid = launch({ argv, env, cwd: dir, log });
  const stop = () => stopProcess('Redis', pid);
  try {
    const name = `Redis at 127.0.0.1:${port}`;
    await whenReady({ name, pid, answers: () => answers(port, pid), timeoutMs: READY_TIMEOUT_MS, logs: [log] });
  } catch (error) {
    await stop();
    throw error;
  }
  return { name: 'redis', kind: 'infra', pid, url: `redis://127.0.0.1:${port}`, port, argv, env, cwd: dir, log, stop };
}

async function expectInstalled(): Promise<void> {
  const options = { timeout: VERSION_TIMEOUT_MS, env: process.env };
  await promisify(execFile)('redis-server', ['--version'], options).catch((cause: Error) => {
    throw new Error('There is no redis-server. Install it: apt-get install -y redis-server', { cause });
  });
}

/** Anything but silence or "loading" is an answer: one that wants a password, or TLS, is up too. */
async function answers(port: number, pid: number): Promise<void> {
  const { promise, resolve: done, reject } = Promise.withResolvers<void>();
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => reject(new Error('no answer')));
  socket.once('error', reject);
  socket.once('close', () => (isAlive(pid) ? done() : reject(new Error('ended'))));
  socket.once('data', (data) => (data.toString().startsWith('-LOADING') ? reject(new Error('loading')) : done()));
  socket.write('PING\r\n');
  try {
    await promise;
  } finally {
    socket.destroy();
  }
}
