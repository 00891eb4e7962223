import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Log } from '@tollgate/service-kit';
import { PersonBook } from './person-book.js';
import { RegisterPerson } from './register-person.js';

const BATCH = 100;

/** At the start, registers the people whose sign-up was cut off between the account and the person. */
@Injectable()
export class RegistrationSweep implements OnApplicationBootstrap {
  constructor(
    private readonly commands: CommandBus,
    private readonly people: PersonBook,
    private readonly log: Log,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const registered = await this.sweep();
    if (registered > 0) this.log.info('registered people whose sign-up was cut off', { count: registered });
  }

  /** How many it registered. */
  async sweep(): Promise<number> {
    for (let registered = 0; ;) {
      const accounts = await this.people.unregistered(BATCH);
      for (const account of accounts) await this.commands.execute(new RegisterPerson(account));
      registered += accounts.length;
      if (accounts.length < BATCH) return registered;
    }
  }
}
