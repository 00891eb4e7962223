import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { sqlOfTypeOrm } from '@tollgate/event-log';
import { Clock, Commit } from '@tollgate/service-kit';
import { eventsOf, userActor } from '../fact.js';
import { KeysDatabase } from '../keys-database.js';
import { InvitationBook } from './invitation-book.js';
import { WorkspaceBook } from './workspace-book.js';
import type { Denied } from './workspace-change.js';

export type CancelOutcome = Denied | { outcome: 'unknownInvitation' } | { outcome: 'cancelled' };

/** Calls an invitation back. When it answers, its link opens nothing any more; of a race with whoever accepts, one wins. */
export class CancelInvitation extends Command<CancelOutcome> {
  constructor(
    readonly actorId: string,
    readonly workspaceId: string,
    readonly invitationId: string,
  ) {
    super();
  }
}

@CommandHandler(CancelInvitation)
export class CancelInvitationHandler implements ICommandHandler<CancelInvitation> {
  constructor(
    private readonly database: KeysDatabase,
    private readonly commit: Commit,
    private readonly workspaces: WorkspaceBook,
    private readonly invitations: InvitationBook,
    private readonly clock: Clock,
  ) {}

  async execute({ actorId, workspaceId, invitationId }: CancelInvitation): Promise<CancelOutcome> {
    const committed = await this.commit.run<CancelOutcome>(this.database, async (manager) => {
      const sql = sqlOfTypeOrm(manager);
      const state = await this.workspaces.lock(sql, workspaceId);
      const actorRole = state?.roles.get(actorId);
      if (!actorRole) return { events: [], value: { outcome: 'notFound' } };
      if (actorRole !== 'admin') return { events: [], value: { outcome: 'insufficientRole' } };
      const now = this.clock.now();
      const email = await this.invitations.cancel(sql, workspaceId, invitationId, now);
      if (email === undefined) return { events: [], value: { outcome: 'unknownInvitation' } };
      const data = { workspaceId, invitationId, email, actor: userActor(actorId) };
      return { events: eventsOf([{ type: 'InvitationCancelled', data }], now), value: { outcome: 'cancelled' } };
    });
    return committed.value;
  }
}
