import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { processBegan } from '@tollgate/service-kit';

const STOP_TIMEOUT_MS = 25_000;
const KILL_TIMEOUT_MS = 5_000;
const POLL_MS = 50;
const LOG_TAIL_CHARS = 1_500;

/** A process as `stack.json` lists it: started again by its argv, env and cwd it goes on with its data. */
export interface OwnProcess {
  name: string;
  kind: 'service' | 'infra';
  pid: number;
  url: string;
  argv: string[];
  env: Record<string, string>;
  cwd: string;
  log: string;
}

export interface Startable {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  /** What it prints goes to the end of this file. */
  log: string;
}

/** Starts a process that outlives this one. Throws when there is no such command. */
export function launch({ argv, env, cwd, log }: Startable): number {
  const out = openSync(log, 'a', 0o600);
  const [command = '', ...words] = argv;
  const child = spawn(command, words, { cwd, env, detached: true, stdio: ['ignore', out, out] });
  closeSync(out);
  child.on('error', () => undefined);
  child.unref();
  if (child.pid === undefined) throw new Error(`${command} could not be started`);
  return child.pid;
}

/** Whether it runs; a process that has ended and that nobody has waited for does not. */
export function isAlive(pid: number): boolean {
  return processBegan(pid) !== undefined;
}

/** Ends one process by its id: politely, then by force. Resolves when it is gone; safe to call again. */
export async function stopProcess(name: string, pid: number, politelyMs = STOP_TIMEOUT_MS): Promise<void> {
  for (const [signal, timeoutMs] of [
    ['SIGTERM', politelyMs],
    ['SIGKILL', KILL_TIMEOUT_MS],
  ] as const) {
    if (!isAlive(pid)) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      if (!isAlive(pid)) return;
      await pause(POLL_MS);
    }
  }
  throw new Error(`${name}, process ${pid}, does not end`);
}

export interface Readiness {
  name: string;
  pid: number;
  /** Resolves when it answers as it should. */
  answers: () => Promise<unknown>;
  timeoutMs: number;
  logs: readonly string[];
}

/** Resolves when the process answers; rejects in time with the end of its logs, at once when it has ended. */
export async function whenReady({ name, pid, answers, timeoutMs, logs }: Readiness): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const fault = await answers().then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (fault === undefined) return;
    if (!isAlive(pid)) throw new Error(`${name} ended while it started.${tailOf(logs)}`);
    if (performance.now() > deadline) {
      throw new Error(`${name} is not ready after ${timeoutMs} ms (${fault}).${tailOf(logs)}`);
    }
    await pause(POLL_MS);
  }
}

function tailOf(logs: readonly string[]): string {
  const ends = logs.map((file) => (existsSync(file) ? readFileSync(file, 'utf8').slice(-LOG_TAIL_CHARS).trim() : ''));
  const said = ends.filter(Boolean).join('\n');
  return said ? ` It said:\n${said}` : ` See ${logs.join(', ')}`;
}
