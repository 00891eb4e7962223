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

/** For whoever rebuilds a bill from the log. */
export { openBillingDatabase } from './billing-database.js';
export { METER_CHECKPOINTS, meterFollower } from './meter.feed.js';
export { reportCsv } from './report-csv.js';
export { UsageReports } from './usage-report.js';
