import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';

/** Header and field names whose values never reach a log line. */
const SECRET_PATHS = [
  'key',
  'apiKey',
  'password',
  'token',
  'secret',
  'cookie',
  'authorization',
  '*.key',
  '*.apiKey',
  '*.password',
  '*.token',
  '*.secret',
  '*.cookie',
  '*.authorization',
  'headers["x-api-key"]',
  'headers["x-admin-key"]',
  'headers.cookie',
  'headers.authorization',
  '*.headers["x-api-key"]',
  '*.headers["x-admin-key"]',
  '*.headers.cookie',
  '*.headers.authorization',
];

/** Lines that wait for a reader of standard output, in bytes; beyond that new ones are dropped. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024;

let standardOutput: ReturnType<typeof pino.destination> | undefined;

/**
 * Standard output, written beside the event loop: whoever reads it may stop reading (a paused terminal, a full disk behind
 * a pipe), and a service must go on then, and be able to end. What is not written at the end is written if it can be at once.
 */
function output(): ReturnType<typeof pino.destination> {
  if (standardOutput) return standardOutput;
  let exiting = false;
  process.once('exit', () => (exiting = true)); // before pino's own, which flushes
  const stream = pino.destination({
    fd: 1,
    sync: false,
    maxLength: WAITING_BYTES_MAX,
    retryEAGAIN: () => !exiting,
  });
  const flush = stream.flushSync.bind(stream);
  stream.flushSync = () => {
    try {
      flush();
    } catch {
      // Nobody reads it.
    }
  };
  return (standardOutput = stream);
}

/** The process's log: JSON lines on standard output, with secrets cut out. */
export abstract class Log {
  abstract readonly pino: Logger;
  info(message: string, fields: object = {}): void {
    this.pino.info(fields, message);
  }
  warn(message: string, fields: object = {}): void {
    this.pino.warn(fields, message);
  }
  error(message: string, fields: object = {}): void {
    this.pino.error(fields, message);
  }
}

export class PinoLog extends Log {
  readonly pino: Logger;
  constructor(level: string, service: string) {
    super();
    this.pino = pino({ level, base: { service }, redact: { paths: SECRET_PATHS, censor: '[secret]' } }, output());
  }
}

/**
 * Lets Nest write its own warnings and errors to the same log; its chatter at start stays out, and so does a fault that
 * ends the start: whoever starts the process tells it, once.
 */
export function nestLoggerOf(log: Log): LoggerService {
  return {
    log: () => undefined,
    warn: (message: unknown, ...rest: unknown[]) => log.warn(String(message), { context: rest.at(-1) }),
    error: (message: unknown, ...rest: unknown[]) => {
      if (rest.at(-1) !== 'ExceptionHandler') log.error(String(message), { context: rest.at(-1) });
    },
  };
}
