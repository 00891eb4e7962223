import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock, Commit } from '@tollgate/service-kit';
import { newId } from '@tollgate/api-key';
import { BillingDatabase } from './billing-database.js';

export interface AnnouncedPrice {
  id: string;
  /** When it takes effect. */
  from: string;
  basePerRunMicros: number;
}

/** The operator says what a run costs from an instant on (contract A3, A4). */
export class AnnouncePrice extends Command<AnnouncedPrice> {
  constructor(
    readonly fromMs: number,
    readonly basePerRunMicros: number,
  ) {
    super();
  }
}

const INSERT_SQL = `
  INSERT INTO billing.prices (effective_from, base_per_run_micros, announced_at) VALUES ($1, $2, $3) RETURNING price_id`;

/**
 * A price never begins before it was announced: a bill does not change after the fact. Prices are announced one at a
 * time, and their ids grow: of two that begin together the later announced one is in force (`priceInForce`).
 */
@CommandHandler(AnnouncePrice)
export class AnnouncePriceHandler implements ICommandHandler<AnnouncePrice> {
  constructor(
    private readonly database: BillingDatabase,
    private readonly commit: Commit,
    private readonly clock: Clock,
  ) {}

  async execute({ fromMs, basePerRunMicros }: AnnouncePrice): Promise<AnnouncedPrice> {
    const { value } = await this.commit.run(this.database, async (manager) => {
      await manager.query('LOCK TABLE billing.prices IN EXCLUSIVE MODE');
      const announcedAt = this.clock.nowIso();
      const from = new Date(Math.max(fromMs, Date.parse(announcedAt))).toISOString();
      const rows = (await manager.query(INSERT_SQL, [from, basePerRunMicros, announcedAt])) as { price_id: string }[];
      const priceId = rows[0]!.price_id;
      return {
        value: { id: priceId, from, basePerRunMicros },
        events: [
          {
            id: newId(),
            type: 'PricePlanChanged',
            source: '/tollgate/billing',
            subject: 'prices',
            time: announcedAt,
            data: { priceId, from, basePerRunMicros, actor: { type: 'operator', id: 'operator' } },
          },
        ],
      };
    });
    return value;
  }
}
