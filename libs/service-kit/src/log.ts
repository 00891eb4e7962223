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
    this.pino = pino({ level, base: { service }, redact: { paths: SECRET_PATHS, censor: '[secret]' } });
  }
}

/** Lets Nest write its own warnings and errors to the same log; its chatter at start stays out. */
export function nestLoggerOf(log: Log): LoggerService {
  return {
    log: () => undefined,
    warn: (message: unknown, ...rest: unknown[]) => log.warn(String(message), { context: rest.at(-1) }),
    error: (message: unknown, ...rest: unknown[]) => log.error(String(message), { context: rest.at(-1) }),
  };
}
