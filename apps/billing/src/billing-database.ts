import type { Provider } from '@nestjs/common';
import { Config, Database, Databases } from '@tollgate/service-kit';
import { CreateBilling1763971200000 } from './migrations/create-billing-1763971200000.js';
import { LedgerOfWorkspace1764234000000 } from './migrations/ledger-of-workspace-1764234000000.js';
import { SeveralLines1764201600000 } from './migrations/several-lines-1764201600000.js';

/** The schema `billing`: ledger, rollups, the meter's checkpoint, announced prices. */
export abstract class BillingDatabase extends Database {}

/** Opens the database of a service that bills; throws when `DATABASE_URL` is not set or not reachable. */
export function openBillingDatabase(databases: Databases, config: Config): Promise<Database> {
  if (!config.DATABASE_URL) throw new Error('DATABASE_URL is not set');
  return databases.open({
    url: config.DATABASE_URL,
    schema: 'billing',
    poolMax: config.DATABASE_POOL_MAX,
    migrations: [CreateBilling1763971200000, SeveralLines1764201600000, LedgerOfWorkspace1764234000000],
  });
}

export const BILLING_DATABASE: Provider = {
  provide: BillingDatabase,
  inject: [Databases, Config],
  useFactory: openBillingDatabase,
};
