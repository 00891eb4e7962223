import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { PersonChange, type PersonChanged } from './person-change.js';
import { suspend } from './person.js';

/**
 * Suspends a person: the sessions end, every personal key of theirs is refused and nothing is paid by them any more.
 * When it answers, that holds everywhere (contract A1 row 3, A6 "Suspended people").
 */
export class SuspendPerson extends Command<PersonChanged | undefined> {
  constructor(readonly userId: string) {
    super();
  }
}

@CommandHandler(SuspendPerson)
export class SuspendPersonHandler implements ICommandHandler<SuspendPerson> {
  constructor(private readonly change: PersonChange) {}

  execute({ userId }: SuspendPerson): Promise<PersonChanged | undefined> {
    return this.change.run(userId, suspend, { endSessions: true });
  }
}
