import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Confirmation } from '@tollgate/access';
import { sqlOfTypeOrm } from '@tollgate/event-log';
import { Clock, Commit } from '@tollgate/service-kit';
import { eventsOf, userActor } from '../fact.js';
import { KeysDatabase } from '../keys-database.js';
import { ReceiptBook } from '../receipts/receipt-book.js';
import { WorkspaceBook } from '../workspaces/workspace-book.js';
import { KeyBook } from './key-book.js';
import { revoke, type KeyOwner } from './key.js';

export type RevokeOutcome =
  | { outcome: 'revoked'; count: number; confirmation: Confirmation }
  /** None of the ids is an active key of the owner. */
  | { outcome: 'noneFound' }
  /** The actor may not revoke keys here (any more). */
  | { outcome: 'forbidden' };

/**
 * Revokes those of the named keys that are the owner's, all in one transaction; other ids are ignored. When it answers,
 * no gateway admits them any more, and the receipt proves it (contract A1 row 3).
 */
export class RevokeKeys extends Command<RevokeOutcome> {
  constructor(
    readonly actorId: string,
    readonly owner: KeyOwner,
    readonly keyIds: readonly string[],
  ) {
    super();
  }
}

@CommandHandler(RevokeKeys)
export class RevokeKeysHandler implements ICommandHandler<RevokeKeys> {
  constructor(
    private readonly database: KeysDatabase,
    private readonly commit: Commit,
    private readonly keys: KeyBook,
    private readonly workspaces: WorkspaceBook,
    private readonly receipts: ReceiptBook,
    private readonly clock: Clock,
  ) {}

  async execute({ actorId, owner, keyIds }: RevokeKeys): Promise<RevokeOutcome> {
    const committed = await this.commit.run<'forbidden' | 'done'>(this.database, async (manager) => {
      const sql = sqlOfTypeOrm(manager);
      if (owner.kind === 'workspace') {
        const workspace = await this.workspaces.lock(sql, owner.workspaceId);
        if (workspace?.roles.get(actorId) !== 'admin') return { events: [], value: 'forbidden' };
      } else if (owner.ownerId !== actorId) return { events: [], value: 'forbidden' };
      const active = await this.keys.lockActive(sql, owner, keyIds);
      const now = this.clock.now();
      const facts = active.flatMap((key) => revoke(key, now, userActor(actorId)));
      await this.keys.record(sql, facts, now);
      return { events: eventsOf(facts, now), value: 'done' };
    });
    if (committed.value === 'forbidden') return { outcome: 'forbidden' };
    const { events, confirmation } = committed;
    if (!confirmation) return { outcome: 'noneFound' };
    await this.receipts.keep(committed, actorId);
    return { outcome: 'revoked', count: events.length, confirmation };
  }
}
