import type { Service } from '@tollgate/service-kit';
import { BillingModule } from './billing.module.js';
import { billingRoutes } from './billing-routes.js';

/** Counts what was used, and who pays. */
export const billing: Service = {
  name: 'billing',
  module: BillingModule,
  routes: billingRoutes,
  required: ['DATABASE_URL', 'KEYS_URL', 'KEY_PEPPERS'],
};
