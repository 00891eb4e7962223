/** Refusals and resets of the network, as Node names them. */
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** PostgreSQL: class 08, too many connections, being shut down, crashed, starting up, failed over to a standby. */
const POSTGRES_CODES = /^(08...|53300|57P0[1-3]|25006)$/;

/** What `pg` and `pg-pool` say without a code. */
const MESSAGES =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Client was closed)/;

/**
 * Is this the loss of a connection, rather than a fault in the work? Then the work is worth trying for as long as it
 * takes: a database that restarts must not turn every follower off.
 */
export function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, driverError } = error as Error & { code?: unknown; driverError?: unknown };
  if (typeof code === 'string' && (NETWORK_CODES.has(code) || POSTGRES_CODES.test(code))) return true;
  return MESSAGES.test(error.message) || isConnectionLoss(driverError) || isConnectionLoss(error.cause);
}
