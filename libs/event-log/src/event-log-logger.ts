/** Where the log reports; a pino logger fits. Never given an event's data. */
export interface EventLogLogger {
  /** For who looks closer; a log without it is not told. */
  debug?(detail: object, message: string): void;
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}
