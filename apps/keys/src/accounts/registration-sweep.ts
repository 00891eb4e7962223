import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '@tollgate/service-kit';
import { PersonBook } from './person-book.js';
import { RegisterPerson, RegisterPersonHandler } from './register-person.js';

const BATCH = 100;

/**
 * At the start, registers the people whose sign-up was cut off between the account and the person. It calls the handler
 * itself: the command bus learns its handlers only while the application starts, and not before this.
 */
@Injectable()
export class RegistrationSweep implements OnApplicationBootstrap {
  constructor(
    private readonly registering: RegisterPersonHandler,
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
      for (const account of accounts) await this.registering.execute(new RegisterPerson(account));
      registered += accounts.length;
      if (accounts.length < BATCH) return registered;
    }
  }
}
