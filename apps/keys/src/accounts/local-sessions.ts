import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Sessions, type SignedIn } from '@tollgate/access';
import { Problem } from '@tollgate/contracts';
import { Accounts } from './accounts.js';
import { PersonBook } from './person-book.js';
import { RegisterPerson } from './register-person.js';

/** Sessions where their truth is: asked for on each request, so a sign-out or a suspension counts at once. */
@Injectable()
export class LocalSessions extends Sessions {
  constructor(
    private readonly accounts: Accounts,
    private readonly people: PersonBook,
    private readonly commands: CommandBus,
  ) {
    super();
  }

  override async find(cookieHeader: string | undefined): Promise<SignedIn | undefined> {
    if (cookieHeader === undefined) return undefined;
    const session = await this.sessionOf(cookieHeader);
    if (!session) return undefined;
    const { id: userId, email, name, emailVerified } = session.user;
    const known = await this.people.suspension(userId);
    if (known?.suspended) return undefined;
    if (!known) await this.commands.execute(new RegisterPerson({ userId, email, name, emailVerified }));
    return { userId, email, name };
  }

  /**
   * better-auth takes whatever is no session of its own for none; it fails only when its database does. Nothing is
   * renewed here: the answer carries no cookie, and a session that outlives its cookie is of no use.
   */
  private async sessionOf(cookie: string) {
    try {
      return await this.accounts.auth.api.getSession({
        headers: new Headers({ cookie }),
        query: { disableRefresh: true },
      });
    } catch (cause) {
      throw new Problem('unavailable', { retryAfterSeconds: 5, cause });
    }
  }
}
