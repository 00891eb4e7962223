import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Role } from '@tollgate/contracts';
import { PersonBook } from '../accounts/person-book.js';
import { RegisterPerson } from '../accounts/register-person.js';
import { InvitationBook } from './invitation-book.js';
import { InviteMember, type Invited } from './invite-member.js';
import { WorkspaceChange, type Changed } from './workspace-change.js';
import { addMember } from './workspace.js';

export type AddMemberOutcome =
  | Changed<'alreadyMember' | 'tooManyMembers' | 'tooManyInvitations'>
  | { outcome: 'added'; userId: string }
  | { outcome: 'invited'; invitation: Invited };

/** Adds a member by address: at once when it has an account, by an invitation otherwise (contract A3). */
export class AddMember extends Command<AddMemberOutcome> {
  constructor(
    readonly actorId: string,
    readonly workspaceId: string,
    readonly email: string,
    readonly role: Role,
  ) {
    super();
  }
}

@CommandHandler(AddMember)
export class AddMemberHandler implements ICommandHandler<AddMember> {
  constructor(
    private readonly commands: CommandBus,
    private readonly people: PersonBook,
    private readonly invitations: InvitationBook,
    private readonly change: WorkspaceChange,
  ) {}

  async execute({ actorId, workspaceId, email, role }: AddMember): Promise<AddMemberOutcome> {
    const account = await this.people.accountOf(email);
    if (!account) return this.commands.execute(new InviteMember(actorId, workspaceId, email, role));
    // An account whose sign-up was cut off has no person yet.
    await this.commands.execute(new RegisterPerson(account));
    const { userId } = account;
    const changed = await this.change.run(workspaceId, actorId, async (state, actor, sql) => {
      const decided = addMember(state, userId, role, actor);
      if (decided.outcome === 'decided') await this.invitations.withdraw(sql, workspaceId, email);
      return decided;
    });
    return changed.outcome === 'done' ? { outcome: 'added', userId } : changed;
  }
}
