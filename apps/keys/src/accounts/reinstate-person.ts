import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { PersonChange, type PersonChanged } from './person-change.js';
import { reinstate } from './person.js';

/** Lifts a suspension. Sessions stay ended: one that began while the suspension was on its way must not come alive. */
export class ReinstatePerson extends Command<PersonChanged | undefined> {
  constructor(readonly userId: string) {
    super();
  }
}

@CommandHandler(ReinstatePerson)
export class ReinstatePersonHandler implements ICommandHandler<ReinstatePerson> {
  constructor(private readonly change: PersonChange) {}

  execute({ userId }: ReinstatePerson): Promise<PersonChanged | undefined> {
    return this.change.run(userId, reinstate, { endSessions: true });
  }
}
