import type { Log } from './log.js';

/** Longest an orderly stop may take before the process ends all the same. */
const STOP_TIMEOUT_MS = 20_000;

export interface RunningProcess {
  stop(): Promise<void>;
}

/**
 * Runs a main: a failed start prints one clear message and exits 1; Ctrl-C, SIGTERM or the end of the parent that
 * started it (its IPC channel closes) stop it in order, once, and exit 0.
 */
export async function runProcess(log: Log, start: () => Promise<RunningProcess>): Promise<void> {
  let running: RunningProcess | undefined;
  let asked = false;
  const stop = async (reason: string) => {
    asked = true;
    if (!running) return;
    const current = running;
    running = undefined;
    log.info(`stopping: ${reason}`);
    setTimeout(() => {
      log.error('stopping took too long');
      process.exit(1);
    }, STOP_TIMEOUT_MS).unref();
    await current.stop().catch((error: Error) => log.error('stopping failed', { fault: error.message }));
    process.exit(0);
  };
  process.on('SIGINT', () => void stop('interrupted'));
  process.on('SIGTERM', () => void stop('asked to end'));
  if (process.connected) {
    process.once('disconnect', () => void stop('the parent process is gone'));
    process.channel?.unref();
  }
  try {
    running = await start();
    if (asked) await stop('asked to end while starting');
  } catch (error) {
    // Behind what the log still writes at the end.
    process.once('exit', () => say(startFailure(error)));
    process.exit(1);
  }
}

/** Writes to the person at the terminal, apart from the log. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function startFailure(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') {
    return `Cannot listen on port ${(error as { port?: number }).port}: another program uses it. End that program, or set PORT to a free one.`;
  }
  if (code === 'EACCES' && (error as { syscall?: string }).syscall === 'listen') {
    return `Cannot listen on port ${(error as { port?: number }).port}: not permitted. Set PORT to one above 1023.`;
  }
  return `Cannot start: ${isOurs(error) ? message : (error as Error).stack}`;
}

/** A fault of the program itself is worth its stack to whoever mends it; any other says what to do. */
function isOurs(error: unknown): boolean {
  return ![TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind);
}
