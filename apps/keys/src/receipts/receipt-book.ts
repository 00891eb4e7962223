import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Confirmation, Receipt } from '@tollgate/access';
import type { LoggedEvent } from '@tollgate/contracts';
import { Commit, type Committed, Log } from '@tollgate/service-kit';
import { KeysDatabase } from '../keys-database.js';

/** How often receipts that are pending are tried again. */
const RETRY_EVERY_MS = 2_000;
const PENDING_PER_TURN_MAX = 50;

interface ReceiptRow {
  position: string;
  committed_at: Date;
  confirmed_at: Date | null;
  gateways: Receipt['gateways'];
  fenced: string[];
  pending: string[];
}

type PendingRow = Pick<ReceiptRow, 'position' | 'committed_at'> & {
  events: (Omit<LoggedEvent, 'position'> & { position: string })[];
};

/**
 * The receipts of what took something away (contract A1 row 3). One that was not complete when it was answered is
 * completed here, also after a restart: the change is applied and the fleet asked again until it has spoken.
 */
@Injectable()
export class ReceiptBook implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<void> | undefined;
  private isStopped = false;

  constructor(
    private readonly database: KeysDatabase,
    private readonly commit: Commit,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.plan();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.turn;
  }

  /** Keeps what the fleet said, for whoever made the change. Does not reject: the change and its answer stand. */
  async keep({ events, committedAt, confirmation }: Committed<unknown>, actorId: string): Promise<void> {
    if (!confirmation) return;
    const { receipt, pending } = confirmation;
    try {
      await this.database.pool.query(
        `INSERT INTO receipt (position, actor_id, committed_at, confirmed_at, gateways, fenced, pending, events)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (position) DO NOTHING`,
        [
          ...[receipt.position, actorId, committedAt, receipt.confirmedAt, JSON.stringify(receipt.gateways)],
          ...[JSON.stringify(receipt.fenced), JSON.stringify(pending), pending.length > 0 ? textOf(events) : null],
        ],
      );
    } catch (error) {
      this.log.error('a receipt could not be kept', { position: receipt.position, fault: (error as Error).message });
    }
  }

  /** A receipt of this person's own changes. */
  async find(position: bigint, actorId: string): Promise<Confirmation | undefined> {
    const { rows } = await this.database.pool.query<ReceiptRow>(
      `SELECT position, committed_at, confirmed_at, gateways, fenced, pending FROM receipt
       WHERE position = $1 AND actor_id = $2`,
      [position.toString(), actorId],
    );
    const [row] = rows;
    return row && confirmationOf(row);
  }

  private plan(): void {
    this.timer = setTimeout(() => {
      this.turn = this.completePending()
        .catch((error: Error) => this.log.warn('pending receipts wait', { fault: error.message }))
        .finally(() => this.isStopped || this.plan());
    }, RETRY_EVERY_MS).unref();
  }

  private async completePending(): Promise<void> {
    const { rows } = await this.database.pool.query<PendingRow>(
      `SELECT position, committed_at, events FROM receipt WHERE confirmed_at IS NULL ORDER BY position LIMIT $1`,
      [PENDING_PER_TURN_MAX],
    );
    await Promise.all(rows.map((row) => this.complete(row)));
  }

  private async complete({ position, committed_at: committedAt, events }: PendingRow): Promise<void> {
    const logged = events.map((event) => ({ ...event, position: BigInt(event.position) }) as LoggedEvent);
    const { receipt, pending } = await this.commit.confirmAgain(logged, committedAt);
    const isDone = pending.length === 0;
    await this.database.pool.query(
      `UPDATE receipt SET confirmed_at = $2, gateways = $3, fenced = $4, pending = $5,
         events = CASE WHEN $6 THEN NULL ELSE events END WHERE position = $1 AND confirmed_at IS NULL`,
      [
        ...[position, receipt.confirmedAt, JSON.stringify(receipt.gateways), JSON.stringify(receipt.fenced)],
        ...[JSON.stringify(pending), isDone],
      ],
    );
  }
}

function textOf(events: readonly LoggedEvent[]): string {
  return JSON.stringify(events.map((event) => ({ ...event, position: event.position.toString() })));
}

function confirmationOf(row: ReceiptRow): Confirmation {
  const { gateways, fenced, pending } = row;
  return {
    receipt: {
      position: row.position,
      revokedAt: row.committed_at.toISOString(),
      confirmedAt: row.confirmed_at?.toISOString() ?? null,
      gateways,
      fenced,
    },
    pending,
  };
}
