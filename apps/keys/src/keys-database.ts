import { Config, Database, Databases } from '@tollgate/service-kit';
import type { Provider } from '@nestjs/common';
import { Accounts1763971200000 } from './migrations/accounts-1763971200000.js';
import { FormerDigests1767484800000 } from './migrations/former-digests-1767484800000.js';
import { Keys1763971201000 } from './migrations/keys-1763971201000.js';
import { Pairing1767225600000 } from './migrations/pairing-1767225600000.js';
import { Receipts1767312000000 } from './migrations/receipts-1767312000000.js';

/** The database of this service: accounts, workspaces, members and keys. */
export abstract class KeysDatabase extends Database {}

export const keysDatabase: Provider = {
  provide: KeysDatabase,
  inject: [Databases, Config],
  useFactory: (databases: Databases, config: Config) =>
    databases.open({
      url: config.DATABASE_URL as string,
      schema: 'keys',
      poolMax: config.DATABASE_POOL_MAX,
      migrations: [
        Accounts1763971200000,
        Keys1763971201000,
        Pairing1767225600000,
        Receipts1767312000000,
        FormerDigests1767484800000,
      ],
    }),
};

/** Where the followers of this service keep how far they have come. */
export const CHECKPOINTS = 'keys.checkpoints';

const UNIQUE_VIOLATION = '23505';

/** Whether PostgreSQL refused a row because another one holds the unique `index`. */
export function isTaken(error: unknown, index: string): boolean {
  const { code, constraint, driverError } = (error ?? {}) as {
    code?: string;
    constraint?: string;
    driverError?: unknown;
  };
  if (code === UNIQUE_VIOLATION && constraint === index) return true;
  return driverError !== undefined && driverError !== error && isTaken(driverError, index);
}
