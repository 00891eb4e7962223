import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Confirmation } from '@tollgate/access';
import type { Actor, OperatorUserView } from '@tollgate/contracts';
import { sqlOfTypeOrm } from '@tollgate/event-log';
import { Clock, Commit } from '@tollgate/service-kit';
import { eventsOf, OPERATOR } from '../fact.js';
import { KeysDatabase } from '../keys-database.js';
import { ReceiptBook } from '../receipts/receipt-book.js';
import { PersonBook } from './person-book.js';
import type { PersonFact, PersonState } from './person.js';
import { RegisterPerson } from './register-person.js';

export interface PersonChanged {
  user: OperatorUserView;
  /** Undefined when nothing had to change. */
  confirmation: Confirmation | undefined;
}

/** How every change that the operator makes to a person goes. */
@Injectable()
export class PersonChange {
  constructor(
    private readonly database: KeysDatabase,
    private readonly commands: CommandBus,
    private readonly commit: Commit,
    private readonly people: PersonBook,
    private readonly receipts: ReceiptBook,
    private readonly clock: Clock,
  ) {}

  /** Undefined: no such person. `endSessions`: in the same transaction, whether or not the rest is a change. */
  async run(
    userId: string,
    decide: (person: PersonState, actor: Actor) => PersonFact[],
    { endSessions = false } = {},
  ): Promise<PersonChanged | undefined> {
    await this.registerIfCutOff(userId);
    const committed = await this.commit.run<'unknown' | 'done'>(this.database, async (manager) => {
      const sql = sqlOfTypeOrm(manager);
      const person = await this.people.lock(sql, userId);
      if (!person) return { events: [], value: 'unknown' };
      const now = this.clock.now();
      const facts = decide(person, OPERATOR);
      await this.people.record(sql, facts, now);
      if (endSessions) await sql.rows('DELETE FROM "session" WHERE "userId" = $1', [userId]);
      return { events: eventsOf(facts, now), value: 'done' };
    });
    if (committed.value === 'unknown') return undefined;
    await this.receipts.keep(committed, OPERATOR.id);
    const user = await this.people.view(userId);
    return user && { user, confirmation: committed.confirmation };
  }

  private async registerIfCutOff(userId: string): Promise<void> {
    if (await this.people.suspension(userId)) return;
    const account = await this.people.account(userId);
    if (account) await this.commands.execute(new RegisterPerson(account));
  }
}
