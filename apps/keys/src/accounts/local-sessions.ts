import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Sessions, type SignedIn } from '@tollgate/access';
import { Problem } from '@tollgate/contracts';
import { Auth } from './auth.js';
import { PersonBook, type Account } from './person-book.js';
import { RegisterPerson } from './register-person.js';

const RETRY_SECONDS = 5;

/**
 * Sessions where accounts live: asks the database each time, so that a sign-out and a suspension hold at once. The first
 * use of an account whose sign-up was cut off makes its person.
 */
@Injectable()
export class LocalSessions extends Sessions {
  constructor(
    private readonly auth: Auth,
    private readonly people: PersonBook,
    private readonly commands: CommandBus,
  ) {
    super();
  }

  override async find(cookieHeader: string | undefined): Promise<SignedIn | undefined> {
    const account = await this.accountOf(cookieHeader);
    if (!account || (await this.isSuspended(account))) return undefined;
    const { userId, email, name } = account;
    return { userId, email, name };
  }

  /** Whether the account's person may not act; makes the person when there is none yet. */
  async isSuspended(account: Account): Promise<boolean> {
    const person = await this.people.suspension(account.userId);
    if (!person) await this.commands.execute(new RegisterPerson(account));
    return person?.suspended ?? false;
  }

  private async accountOf(cookieHeader: string | undefined): Promise<Account | undefined> {
    const headers = headersOf(cookieHeader);
    if (!headers) return undefined;
    try {
      const found = await this.auth.api.getSession({ headers, query: { disableRefresh: true } });
      if (!found) return undefined;
      const { id: userId, email, name, emailVerified } = found.user;
      return { userId, email, name, emailVerified };
    } catch (cause) {
      throw new Problem('unavailable', { retryAfterSeconds: RETRY_SECONDS, cause });
    }
  }
}

/** Undefined when there is nothing that could hold a session, also for bytes that no header may have. */
function headersOf(cookie: string | undefined): Headers | undefined {
  if (!cookie) return undefined;
  try {
    return new Headers({ cookie });
  } catch {
    return undefined;
  }
}
