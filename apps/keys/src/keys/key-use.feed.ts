import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { LoggedEvent } from '@tollgate/contracts';
import { EventLog, PgCheckpointStore, type Following, type SqlSession } from '@tollgate/event-log';
import { Health } from '@tollgate/service-kit';
import { CHECKPOINTS, KeysDatabase } from '../keys-database.js';
import { lastUsedAfter } from './key.js';

/**
 * Follows the use of keys and moves `lastUsed` (contract B1: only when null or older than ten minutes), in one
 * transaction with its checkpoint. Safe to repeat: an older use never moves it.
 */
@Injectable()
export class KeyUseFeed implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private following: Following | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly database: KeysDatabase,
    private readonly health: Health,
  ) {}

  onApplicationBootstrap(): void {
    this.following = this.log.follow({
      name: 'keys-last-used',
      topics: ['activity'],
      checkpoint: new PgCheckpointStore(this.database.pool, CHECKPOINTS),
      handle: (events, transaction) => this.handle(events, transaction as SqlSession),
    });
    this.health.addFollower(this.following);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.following?.stop();
  }

  private async handle(events: LoggedEvent[], sql: SqlSession): Promise<void> {
    const uses = events.filter((event) => event.type === 'KeyUsed').map(({ data }) => data);
    if (uses.length === 0) return;
    const rows = await sql.rows<{ id: string; last_used_at: Date | null }>(
      'SELECT id, last_used_at FROM api_key WHERE id = ANY($1) AND revoked_at IS NULL ORDER BY id FOR UPDATE',
      [[...new Set(uses.map(({ keyId }) => keyId))]],
    );
    const before = new Map(rows.map((row) => [row.id, row.last_used_at?.getTime() ?? null]));
    const after = new Map(before);
    for (const { keyId, usedAt } of uses) {
      const lastUsedMs = after.get(keyId);
      if (lastUsedMs !== undefined) after.set(keyId, lastUsedAfter(lastUsedMs, Date.parse(usedAt)));
    }
    const moved = [...after].filter(([id, lastUsedMs]) => lastUsedMs !== before.get(id));
    if (moved.length === 0) return;
    await sql.rows(
      `UPDATE api_key SET last_used_at = used.at FROM unnest($1::text[], $2::timestamptz[]) AS used (id, at)
       WHERE api_key.id = used.id`,
      [moved.map(([id]) => id), moved.map(([, lastUsedMs]) => new Date(lastUsedMs as number))],
    );
  }
}
