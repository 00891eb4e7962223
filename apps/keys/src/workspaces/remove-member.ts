import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { PersonBook } from '../accounts/person-book.js';
import { InvitationBook } from './invitation-book.js';
import { WorkspaceChange, type Changed } from './workspace-change.js';
import { removeMember } from './workspace.js';

export type RemoveMemberOutcome = Changed<'notMember' | 'ownerStays' | 'billedAccountStays'>;

/**
 * Removes a member, or lets one leave. When it answers, no gateway admits the person's keys to this workspace any more
 * (contract A1 row 3).
 */
export class RemoveMember extends Command<RemoveMemberOutcome> {
  constructor(
    readonly actorId: string,
    readonly workspaceId: string,
    readonly userId: string,
  ) {
    super();
  }
}

@CommandHandler(RemoveMember)
export class RemoveMemberHandler implements ICommandHandler<RemoveMember> {
  constructor(
    private readonly people: PersonBook,
    private readonly invitations: InvitationBook,
    private readonly change: WorkspaceChange,
  ) {}

  async execute({ actorId, workspaceId, userId }: RemoveMember): Promise<RemoveMemberOutcome> {
    const account = await this.people.account(userId);
    return this.change.run<'notMember' | 'ownerStays' | 'billedAccountStays'>(
      workspaceId,
      actorId,
      async (state, actor, sql) => {
        const decided = removeMember(state, userId, actor);
        if (decided.outcome === 'decided' && account) await this.invitations.withdraw(sql, workspaceId, account.email);
        return decided;
      },
      { mayActAlone: actorId === userId },
    );
  }
}
