import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Admission, periodOf, type Settlement } from '@tollgate/access';
import type { LoggedEvent } from '@tollgate/contracts';
import {
  type CheckpointStore,
  EventLog,
  type Follower,
  type Following,
  PgCheckpointStore,
  sqlOfPg,
  type SqlSession,
} from '@tollgate/event-log';
import { Clock, Health, Log } from '@tollgate/service-kit';
import { BillingDatabase } from './billing-database.js';
import { type LedgerRow, ledgerRowOf } from './pricing.js';
import { SettlingCheckpointStore } from './settlements.js';
import { enterIntoLedger, totalsOf } from './usage-ledger.js';

export const METER = 'billing-meter';
export const METER_CHECKPOINTS = 'billing.checkpoints';
/** Events per transaction: beyond it the rate grows no more, and the ledger of one batch stays a few megabytes. */
export const METER_BATCH_EVENTS_MAX = 4_000;
/** How long a start waits for the ledger to reach the log's end; then it goes on, and health shows the lag. */
const CATCH_UP_TIMEOUT_MS = 5_000;

/**
 * Follows `usage` and writes the ledger. An event's effect (ledger row, its payer's rollup) and the checkpoint are one
 * transaction, and an event id enters the ledger once: delivered again, or read again from zero, it changes nothing.
 * An event that cannot be entered stops the meter loudly; nothing is skipped. `entered` is called within the transaction.
 */
export function meterFollower(
  checkpoint: CheckpointStore,
  entered: (transaction: SqlSession, rows: readonly LedgerRow[], settlements: Settlement[]) => void = () => undefined,
): Follower {
  return {
    name: METER,
    topics: ['usage'],
    checkpoint,
    batchEventsMax: METER_BATCH_EVENTS_MAX,
    handle: async (events, transaction) => {
      const billed = events.filter((event): event is LoggedEvent<'RequestBilled'> => event.type === 'RequestBilled');
      if (billed.length === 0) return;
      const rows = billed.map(ledgerRowOf);
      const newestMs = billed.reduce((newest, { time }) => Math.max(newest, Date.parse(time)), 0);
      const sql = transaction as SqlSession;
      entered(sql, rows, await enterIntoLedger(sql, rows, new Date(newestMs).toISOString()));
    },
  };
}

/** Keeps the meter running as long as the service does, and admission told of what the ledger holds. */
@Injectable()
export class MeterFeed implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly checkpoints: SettlingCheckpointStore;
  private following: Following | undefined;

  constructor(
    private readonly database: BillingDatabase,
    private readonly eventLog: EventLog,
    private readonly admission: Admission,
    private readonly health: Health,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.checkpoints = new SettlingCheckpointStore(
      new PgCheckpointStore(database.pool, METER_CHECKPOINTS),
      admission,
      log,
    );
  }

  async onApplicationBootstrap(): Promise<void> {
    // Admission has forgotten what was used when it lived in a process that ended: tell it before anybody is admitted.
    for await (const page of totalsOf(sqlOfPg(this.database.pool), periodOf(this.clock.nowMs()))) {
      await this.admission.settle(page);
    }
    const meter = meterFollower(this.checkpoints, (...taken) => this.checkpoints.prepare(...taken));
    this.following = this.eventLog.follow(meter);
    this.health.addFollower(this.following);
    await this.following.caughtUp(CATCH_UP_TIMEOUT_MS).catch((error: Error) => {
      this.log.warn('The ledger has not reached the end of the log yet', { reason: error.message });
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.following?.stop();
    this.checkpoints.stop();
  }
}
