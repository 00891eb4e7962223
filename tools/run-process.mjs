import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const callerCheckMs = 1000;

/** On stderr, so that stdout is the program's own. */
export function say(line) {
  process.stderr.write(`tollgate: ${line}\n`);
}

/** nx leaves nothing running, draws nothing and sends nothing; compiled code is kept, which shortens every start. */
function environment() {
  return {
    NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'tollgate-compile'),
    ...process.env,
    NX_DAEMON: 'false',
    NX_TUI: 'false',
    NX_NO_CLOUD: 'true',
  };
}

function exitCode(code, signal) {
  return code ?? 128 + (constants.signals[signal] ?? 0);
}

/**
 * Runs a preparing step and keeps its output to itself.
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runQuietly(command, args, { input = '', onSpawn = () => {}, environment: extra = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...environment(), ...extra },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
    child.stdin.on('error', () => {}).end(input);
    const interrupt = (signal) => {
      child.kill(signal);
      child.once('close', () => process.exit(exitCode(null, signal)));
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, interrupt);
    child.once('error', (error) => reject(new Error(`${command} does not start: ${error.message}`)));
    child.once('close', (code, signal) => {
      for (const name of signals) process.off(name, interrupt);
      resolve({ code: exitCode(code, signal), output: Buffer.concat(output).toString() });
    });
    if (child.pid) onSpawn(child.pid);
  });
}

/**
 * Runs a command in the terminal's own group: Ctrl-C reaches it without us, and we wait for it to end.
 * @returns {Promise<number>} its exit code
 */
export function runHere(args, extra = {}) {
  const child = spawn('node', args, { cwd: root, env: { ...environment(), ...extra }, stdio: 'inherit' });
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return whenEnded(child);
}

/**
 * Runs the platform. It has a session of its own, so a Ctrl-C (which the terminal sends to every process of the group, and
 * npm once more to us) reaches it once, from here.
 *
 * The child learns that we are gone, even by SIGKILL, by the IPC channel that then closes. It listens by
 *
 *     if (process.connected) {
 *       process.once('disconnect', stop);
 *       process.channel?.unref();
 *     }
 *
 * and must end by itself: nobody is left to send it anything else.
 * @returns {Promise<number>} its exit code
 */
export function runHosted(args) {
  const child = spawn('node', args, {
    cwd: root,
    env: environment(),
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  let isTold = false;
  const tell = (signal) => {
    if (isTold) return;
    isTold = true;
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, tell);
  const before = callers();
  const watch = setInterval(() => {
    if (callers() !== before) tell('SIGTERM');
  }, callerCheckMs);
  return whenEnded(child).finally(() => clearInterval(watch));
}

/**
 * The npm that started us, and the shell it put in between. One that was killed could not tell us, and whoever starts it
 * again wants the port and the data folder free. Without npm nobody is watched: a shell may go and leave us running.
 */
function callers() {
  if (!process.env.npm_lifecycle_event) return '';
  const [, command = '', above = ''] = read(`/proc/${process.ppid}/stat`).match(/\((.*)\) \S (\d+)/s) ?? [];
  return /^(ba|da|a|z)?sh$/.test(command) ? `${process.ppid} ${above}` : String(process.ppid);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function whenEnded(child) {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`node does not start: ${error.message}`)));
    child.once('exit', (code, signal) => resolve(exitCode(code, signal)));
  });
}
