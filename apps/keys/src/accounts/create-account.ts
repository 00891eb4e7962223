import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '@tollgate/api-key';
import type { OperatorUserView } from '@tollgate/contracts';
import { sqlOfTypeOrm } from '@tollgate/event-log';
import { Clock, Commit } from '@tollgate/service-kit';
import { hashPassword } from 'better-auth/crypto';
import { eventsOf, OPERATOR } from '../fact.js';
import { isTaken, KeysDatabase } from '../keys-database.js';
import { PersonBook } from './person-book.js';
import { register } from './person.js';

export type CreateAccountOutcome = { outcome: 'created'; user: OperatorUserView } | { outcome: 'emailTaken' };

/**
 * Makes an account with a password and its person, in one transaction: the operator's way in, also while sign-up is
 * closed (contract A2). The rows are better-auth's own, so that the person signs in like any other. The address is not
 * taken for proven.
 */
export class CreateAccount extends Command<CreateAccountOutcome> {
  constructor(
    readonly name: string,
    readonly email: string,
    readonly password: string,
  ) {
    super();
  }
}

@CommandHandler(CreateAccount)
export class CreateAccountHandler implements ICommandHandler<CreateAccount> {
  constructor(
    private readonly database: KeysDatabase,
    private readonly commit: Commit,
    private readonly people: PersonBook,
    private readonly clock: Clock,
  ) {}

  async execute({ name, email, password }: CreateAccount): Promise<CreateAccountOutcome> {
    const id = newId();
    const passwordHash = await hashPassword(password);
    try {
      await this.commit.run(this.database, async (manager) => {
        const sql = sqlOfTypeOrm(manager);
        const now = this.clock.now();
        // The operator vouches for the address: so its owner may also come by the provider that is configured.
        await sql.rows(
          `INSERT INTO "user" ("id", "name", "email", "emailVerified", "createdAt", "updatedAt")
           VALUES ($1, $2, $3, true, $4, $4)`,
          [id, name, email, now],
        );
        await sql.rows(
          `INSERT INTO "account" ("id", "accountId", "providerId", "userId", "password", "createdAt", "updatedAt")
           VALUES ($1, $2, 'credential', $2, $3, $4, $4)`,
          [newId(), id, passwordHash, now],
        );
        const fact = register(id, email, name, OPERATOR);
        await this.people.make(sql, fact, now);
        return { events: eventsOf([fact], now), value: undefined };
      });
    } catch (error) {
      if (isTaken(error, 'user_email_key')) return { outcome: 'emailTaken' };
      throw error;
    }
    const user = await this.people.view(id);
    if (!user) throw new Error('An account that was just made is gone');
    return { outcome: 'created', user };
  }
}
