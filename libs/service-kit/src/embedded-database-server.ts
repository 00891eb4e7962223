import { spawn, type ChildProcess } from 'node:child_process';
import { readlinkSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DatabaseHome } from './embedded-database-home.js';
import { processCommand, readText } from './process-owner.js';
import { launch, whenEnded } from './embedded-database-program.js';

const readyMs = 60_000;
const portAttempts = 5;

/** Fast, then immediate, then by force, each with the time it gets; after all three the next start recovers from the WAL. */
const shutdownSteps = [
  ['SIGINT', 20_000],
  ['SIGQUIT', 10_000],
  ['SIGKILL', 10_000],
] as const;

/** A postgres that was running when this was made. */
export interface Server {
  port: number;
  ended: Promise<string>;
  stop(): Promise<void>;
}

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
  fsync: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Clients are told their errors; a log of them would hold values and statements.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

/**
 * Ends a postgres that a killed owner left on `data`, and clears a pid file that now names somebody else.
 * Only the owner of the data folder may call this. @returns the pid of what was ended.
 */
export async function endOrphan(data: string): Promise<number | undefined> {
  const pid = postmasterPid(data);
  if (pid === undefined) return undefined;
  const isOurs = () => servesData(pid, data);
  const wasOurs = isOurs();
  for (const [signal, ms] of shutdownSteps) {
    if (!isOurs()) break;
    signalQuietly(pid, signal);
    await isTrueWithin(() => !isOurs(), ms);
  }
  if (isOurs()) {
    throw new Error(`PostgreSQL (process ${pid}) still runs on ${data} and does not end. End it, then start again.`);
  }
  // PostgreSQL takes any process of that number for a live server. Should backends live on, its shared memory guards the data.
  rmSync(join(data, 'postmaster.pid'), { force: true });
  return wasOurs ? pid : undefined;
}

/** Starts postgres on a free port of 127.0.0.1, the one it had before if that is free, and waits until it answers. */
export async function startServer(home: DatabaseHome, log: { warn(message: string): void }): Promise<Server> {
  const deadline = Date.now() + readyMs;
  let wanted = home.port;
  let said = '';
  for (let attempt = 0; attempt < portAttempts || (isLeftover(said) && Date.now() < deadline); attempt += 1) {
    const port = await freePort(wanted);
    const flags = Object.entries({ ...settings, port }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = launch(home, 'postgres', ['-D', home.data, ...flags]);
    const pid = child.process.pid;
    if (pid === undefined) throw new Error(`postgres did not start: ${await whenEnded(child.process)}`);
    const watchdog = tieToOurLife(home, pid);
    const ended = whenEnded(child.process);
    void ended.then(() => watchdog.stdin?.end());
    const isOver = () => child.process.exitCode !== null || child.process.signalCode !== null;
    await isTrueWithin(() => isOver() || isReady(home.data, pid), deadline - Date.now());
    if (!isOver() && isReady(home.data, pid)) {
      if (port !== home.port) home.rememberPort(port);
      child.follow((line) => log.warn(`postgres: ${line}`));
      return { port, ended, stop: () => shutDown(child.process, ended) };
    }
    if (!isOver()) {
      await shutDown(child.process, ended);
      throw new Error(`PostgreSQL was not ready within ${readyMs} ms: ${child.said()}`);
    }
    said = child.said();
    if (isLeftover(said)) await pause(100);
    else if (!said.includes('could not bind')) break;
    else wanted = undefined;
  }
  throw new Error(`PostgreSQL did not start on ${home.data}: ${said}`);
}

/** Backends of a killed postmaster need a moment to notice that it is gone. */
function isLeftover(said: string): boolean {
  return said.includes('shared memory block');
}

function isReady(data: string, pid: number): boolean {
  const lines = readText(join(data, 'postmaster.pid'))?.split('\n') ?? [];
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

function postmasterPid(data: string): number | undefined {
  const pid = Number(readText(join(data, 'postmaster.pid'))?.split('\n')[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

async function shutDown(child: ChildProcess, ended: Promise<string>): Promise<void> {
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  for (const [signal, ms] of shutdownSteps) {
    if (isOver()) break;
    child.kill(signal);
    await Promise.race([ended, pause(ms, undefined, { ref: false })]);
  }
  await ended;
}

/**
 * A shell that waits for our end of a pipe to close, which the kernel does however we die, and then ends postgres (fast).
 * It has its own session, so the terminal's Ctrl-C, meant for us, does not reach it; and it signals only what still
 * holds the data under the same pid, never a successor.
 */
function tieToOurLife(home: DatabaseHome, pid: number): ChildProcess {
  const script = 'cat >/dev/null; read -r now <"$2/postmaster.pid" && [ "$now" = "$1" ] && kill -INT "$1"';
  const watchdog = spawn('/bin/sh', ['-c', script, 'tollgate-watchdog', String(pid), home.data], {
    ...home.account,
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.on('error', () => undefined);
  watchdog.stdin?.on('error', () => undefined);
  watchdog.unref();
  return watchdog;
}

async function freePort(wanted?: number): Promise<number> {
  const server = createServer();
  try {
    return await new Promise<number>((resolve, reject) => {
      server
        .once('error', reject)
        .listen(wanted ?? 0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  } catch (error) {
    if (wanted === undefined) throw error;
    return await freePort();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

async function isTrueWithin(condition: () => boolean, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (!condition()) {
    if (Date.now() >= deadline) return false;
    await pause(10);
  }
  return true;
}

/** A server works in its data directory; the number in a pid file alone may have passed to any other process. */
function servesData(pid: number, data: string): boolean {
  const command = processCommand(pid);
  if (!command?.includes('postgres')) return false;
  if (process.platform !== 'linux') return command.includes(data);
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === data;
  } catch {
    return false;
  }
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in between.
  }
}
