import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { DatabaseHome } from './embedded-database-home.js';

const stderrKeptChars = 4_000;

/** Neither our secrets nor the user's PG… settings or language reach PostgreSQL. */
const environment = { LC_ALL: 'C', TZ: 'UTC' };

/**
 * Runs one of PostgreSQL's programs under the chosen account, in a session of its own: the terminal's Ctrl-C is meant
 * for us, and we end PostgreSQL after our own last write. `said` is the end of its stderr until somebody follows it.
 */
export function launch(home: DatabaseHome, program: string, args: string[], timeout?: number) {
  const child = spawn(join(home.binaries, 'bin', program), args, {
    ...home.account,
    cwd: '/',
    env: environment,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(timeout && { timeout, killSignal: 'SIGKILL' as const }),
  });
  let kept = '';
  let follow: ((line: string) => void) | undefined;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (!follow) kept = (kept + text).slice(-stderrKeptChars);
    else for (const line of text.split('\n')) if (isWorthSaying(line)) follow(line);
  });
  return { process: child, said: () => kept.trim(), follow: (to: (line: string) => void) => (follow = to) };
}

/** That a connection ends with the server is no news: it happens at every stop. */
function isWorthSaying(line: string): boolean {
  return / (FATAL|PANIC): /.test(line) && !line.includes('due to administrator command');
}

/** Resolves when the process has ended and all it said is read, or when it could not be started. */
export function whenEnded(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
}
