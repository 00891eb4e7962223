import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { nameSchema } from '@tollgate/contracts';
import { sqlOfTypeOrm, type SqlSession } from '@tollgate/event-log';
import { Clock, Commit } from '@tollgate/service-kit';
import { eventsOf, SYSTEM, userActor, type FactOf } from '../fact.js';
import { KeysDatabase } from '../keys-database.js';
import { InvitationBook } from '../workspaces/invitation-book.js';
import { WorkspaceBook } from '../workspaces/workspace-book.js';
import { addMember, type WorkspaceFact } from '../workspaces/workspace.js';
import { PersonBook, type Account } from './person-book.js';
import { register } from './person.js';

/**
 * Makes a person of an account. better-auth writes its user row on its own, so this comes after it: at sign-up, at the
 * first authenticated use, and by a sweep at the start. Whoever comes first makes the person, the others find it made:
 * a kill in between loses nothing. With a proven address, the invitations that wait for it are taken up here.
 */
export class RegisterPerson extends Command<void> {
  constructor(readonly account: Account) {
    super();
  }
}

@CommandHandler(RegisterPerson)
export class RegisterPersonHandler implements ICommandHandler<RegisterPerson> {
  constructor(
    private readonly database: KeysDatabase,
    private readonly commit: Commit,
    private readonly people: PersonBook,
    private readonly workspaces: WorkspaceBook,
    private readonly invitations: InvitationBook,
    private readonly clock: Clock,
  ) {}

  async execute({ account }: RegisterPerson): Promise<void> {
    if (await this.people.suspension(account.userId)) return;
    await this.commit.run(this.database, async (manager) => {
      const sql = sqlOfTypeOrm(manager);
      const now = this.clock.now();
      const fact = register(account.userId, account.email, nameOf(account), SYSTEM);
      if (!(await this.people.make(sql, fact, now))) return { events: [], value: undefined };
      const taken = account.emailVerified ? await this.takeUpInvitations(sql, account, now) : [];
      return { events: eventsOf([fact, ...taken], now), value: undefined };
    });
  }

  private async takeUpInvitations(sql: SqlSession, { userId, email }: Account, now: Date): Promise<WorkspaceFact[]> {
    const taken: FactOf<WorkspaceFact['type']>[] = [];
    for (const invitation of await this.invitations.to(sql, email, now)) {
      const state = await this.workspaces.lock(sql, invitation.workspaceId);
      const decided = state && addMember(state, userId, invitation.role, userActor(userId));
      if (decided?.outcome !== 'decided') continue;
      await this.invitations.markAccepted(sql, invitation.id, userId, now);
      await this.workspaces.record(sql, decided.facts, now);
      taken.push(...decided.facts);
    }
    return taken;
  }
}

/** A provider may hand over a name that is none of ours: then the address stands for it. */
function nameOf({ name, email }: Account): string {
  const checked = nameSchema.safeParse(name);
  return checked.success ? checked.data : (email.split('@')[0] ?? email).slice(0, 100);
}
