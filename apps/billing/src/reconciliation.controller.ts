import { Controller, Get, Query, Req } from '@nestjs/common';
import type { GuardedRequest } from '@tollgate/access';
import { Problem, type Reconciliation, reconciliationQuerySchema } from '@tollgate/contracts';
import { Checked, Clock } from '@tollgate/service-kit';
import type { z } from 'zod';
import { PayerOrOperatorRoute } from './payer-or-operator.guard.js';
import { Reconciler, RunLogMissing } from './reconciliation.js';
import { windowOfRequest } from './usage-window.js';

/** Is every run of the log in the bill, once and at its price? (Contract A3.) */
@Controller('api/billing/reconciliation')
export class ReconciliationController {
  constructor(
    private readonly reconciler: Reconciler,
    private readonly clock: Clock,
  ) {}

  /** A payer compares what is his; the operator, whom no session stands for, everything. */
  @Get()
  @PayerOrOperatorRoute()
  async reconcile(
    @Req() request: GuardedRequest,
    @Query(new Checked(reconciliationQuerySchema, { text: 'first' })) query: z.output<typeof reconciliationQuerySchema>,
  ): Promise<Reconciliation> {
    const window = windowOfRequest(query, this.clock.nowMs());
    return this.reconciler.compare(request.signedIn?.userId ?? null, window).catch((error: unknown) => {
      if (!(error instanceof RunLogMissing)) throw error;
      throw new Problem('unavailable', {
        text: 'The run log is not in this database, or has not started: there is nothing to compare the bill with',
        retryAfterSeconds: 5,
      });
    });
  }
}
