import { Module } from '@nestjs/common';
import { Directory, Quota } from '@tollgate/access';
import { PlansInForce } from '@tollgate/service-kit';
import { AnnouncePriceHandler } from './announce-price.js';
import { BILLING_DATABASE } from './billing-database.js';
import { KeyOrSessionGuard } from './key-or-session.guard.js';
import { MeterFeed } from './meter.feed.js';
import { PayerOrOperatorGuard } from './payer-or-operator.guard.js';
import { PricesController } from './prices.controller.js';
import { ReconciliationController } from './reconciliation.controller.js';
import { Reconciler } from './reconciliation.js';
import { ReportsController } from './reports.controller.js';
import { UsageLimitsController } from './usage-limits.controller.js';
import { UsageLimitsReader } from './usage-limits.js';
import { UsageEvents } from './usage-events.js';
import { UsageReports } from './usage-report.js';
import { V2BillingController } from './v2-billing.controller.js';

@Module({
  controllers: [
    ReportsController,
    ReconciliationController,
    UsageLimitsController,
    PricesController,
    V2BillingController,
  ],
  providers: [
    BILLING_DATABASE,
    MeterFeed,
    UsageReports,
    UsageEvents,
    Reconciler,
    AnnouncePriceHandler,
    KeyOrSessionGuard,
    PayerOrOperatorGuard,
    {
      provide: UsageLimitsReader,
      inject: [Directory, Quota, PlansInForce],
      useFactory: (directory: Directory, quota: Quota, plans: PlansInForce) =>
        new UsageLimitsReader(directory, quota, plans),
    },
  ],
})
export class BillingModule {}
