import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '@tollgate/api-key';
import { INVITATION_DAYS, INVITATIONS_PENDING_MAX, type Role } from '@tollgate/contracts';
import { sqlOfTypeOrm } from '@tollgate/event-log';
import { Clock, Commit } from '@tollgate/service-kit';
import { eventsOf, userActor } from '../fact.js';
import { KeysDatabase } from '../keys-database.js';
import { digestOfToken, InvitationBook, newInvitationToken } from './invitation-book.js';
import { WorkspaceBook } from './workspace-book.js';
import type { Denied } from './workspace-change.js';

/** The one moment in which the link's secret is known. */
export interface Invited {
  id: string;
  token: string;
  expiresAt: string;
}

export type InviteOutcome = Denied | { outcome: 'tooManyInvitations' } | { outcome: 'invited'; invitation: Invited };

const DAY_MS = 24 * 60 * 60 * 1000;

/** Invites an address that has no account. Inviting it again replaces the earlier invitation and its link. */
export class InviteMember extends Command<InviteOutcome> {
  constructor(
    readonly actorId: string,
    readonly workspaceId: string,
    readonly email: string,
    readonly role: Role,
  ) {
    super();
  }
}

@CommandHandler(InviteMember)
export class InviteMemberHandler implements ICommandHandler<InviteMember> {
  constructor(
    private readonly database: KeysDatabase,
    private readonly commit: Commit,
    private readonly workspaces: WorkspaceBook,
    private readonly invitations: InvitationBook,
    private readonly clock: Clock,
  ) {}

  async execute({ actorId, workspaceId, email, role }: InviteMember): Promise<InviteOutcome> {
    const id = newId();
    const token = newInvitationToken();
    const tokenDigest = digestOfToken(token) as string;
    const committed = await this.commit.run<InviteOutcome>(this.database, async (manager) => {
      const sql = sqlOfTypeOrm(manager);
      const state = await this.workspaces.lock(sql, workspaceId);
      const actorRole = state?.roles.get(actorId);
      if (!actorRole) return { events: [], value: { outcome: 'notFound' } };
      if (actorRole !== 'admin') return { events: [], value: { outcome: 'insufficientRole' } };
      const now = this.clock.now();
      if ((await this.invitations.pendingBeside(sql, workspaceId, email, now)) >= INVITATIONS_PENDING_MAX) {
        return { events: [], value: { outcome: 'tooManyInvitations' } };
      }
      const expiresAt = new Date(now.getTime() + INVITATION_DAYS * DAY_MS);
      await this.invitations.keep(
        sql,
        { id, workspaceId, email, role, tokenDigest, invitedBy: actorId, expiresAt },
        now,
      );
      const actor = userActor(actorId);
      return {
        events: eventsOf([{ type: 'MemberInvited', data: { workspaceId, invitationId: id, email, role, actor } }], now),
        value: { outcome: 'invited', invitation: { id, token, expiresAt: expiresAt.toISOString() } },
      };
    });
    return committed.value;
  }
}
