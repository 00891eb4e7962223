import { readFile } from 'node:fs/promises';
import { Module } from '@nestjs/common';
import { Directory, parsePlans, Quota } from '@tollgate/access';
import { Config } from '@tollgate/service-kit';
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
import { UsageReports } from './usage-report.js';

@Module({
  controllers: [ReportsController, ReconciliationController, UsageLimitsController, PricesController],
  providers: [
    BILLING_DATABASE,
    MeterFeed,
    UsageReports,
    Reconciler,
    AnnouncePriceHandler,
    KeyOrSessionGuard,
    PayerOrOperatorGuard,
    {
      provide: UsageLimitsReader,
      inject: [Directory, Quota, Config],
      useFactory: async (directory: Directory, quota: Quota, config: Config) => {
        const json = config.PLANS_FILE === undefined ? undefined : await readFile(config.PLANS_FILE, 'utf8');
        return new UsageLimitsReader(directory, quota, parsePlans(json, config.BILLING === 'on'));
      },
    },
  ],
})
export class BillingModule {}
