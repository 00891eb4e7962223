import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { sqlOfTypeOrm } from '@tollgate/event-log';
import { Clock, Commit } from '@tollgate/service-kit';
import { eventsOf, userActor } from '../fact.js';
import { KeysDatabase } from '../keys-database.js';
import { digestOfToken, InvitationBook } from './invitation-book.js';
import { WorkspaceBook } from './workspace-book.js';
import { addMember } from './workspace.js';

export type AcceptOutcome =
  | { outcome: 'accepted'; workspaceId: string }
  /** Unknown, used and expired are one answer. */
  | { outcome: 'notFound' }
  | { outcome: 'tooManyMembers' };

/**
 * Takes up an invitation by its link, once. Whoever holds the link is meant: without mail, no address is proven here.
 * Who is a member already keeps the role, and the link is used up.
 */
export class AcceptInvitation extends Command<AcceptOutcome> {
  constructor(
    readonly userId: string,
    readonly token: string,
  ) {
    super();
  }
}

@CommandHandler(AcceptInvitation)
export class AcceptInvitationHandler implements ICommandHandler<AcceptInvitation> {
  constructor(
    private readonly database: KeysDatabase,
    private readonly commit: Commit,
    private readonly workspaces: WorkspaceBook,
    private readonly invitations: InvitationBook,
    private readonly clock: Clock,
  ) {}

  async execute({ userId, token }: AcceptInvitation): Promise<AcceptOutcome> {
    const digest = digestOfToken(token);
    const workspaceId = digest && (await this.invitations.workspaceOf(digest, this.clock.now()));
    if (!digest || !workspaceId) return { outcome: 'notFound' };
    const committed = await this.commit.run<AcceptOutcome>(this.database, async (manager) => {
      const sql = sqlOfTypeOrm(manager);
      const state = await this.workspaces.lock(sql, workspaceId);
      const now = this.clock.now();
      const invitation = await this.invitations.lock(sql, digest, now);
      if (!state || !invitation) return { events: [], value: { outcome: 'notFound' } };
      const decided = addMember(state, userId, invitation.role, userActor(userId));
      if (decided.outcome === 'tooManyMembers') return { events: [], value: { outcome: 'tooManyMembers' } };
      await this.invitations.markAccepted(sql, invitation.id, userId, now);
      const facts = decided.outcome === 'decided' ? decided.facts : [];
      await this.workspaces.record(sql, facts, now);
      return { events: eventsOf(facts, now), value: { outcome: 'accepted', workspaceId } };
    });
    return committed.value;
  }
}
