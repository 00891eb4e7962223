import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Plan } from '@tollgate/contracts';
import { PersonChange, type PersonChanged } from './person-change.js';
import { changePlan } from './person.js';

/** Puts a person on another plan. */
export class ChangePlan extends Command<PersonChanged | undefined> {
  constructor(
    readonly userId: string,
    readonly plan: Plan,
  ) {
    super();
  }
}

@CommandHandler(ChangePlan)
export class ChangePlanHandler implements ICommandHandler<ChangePlan> {
  constructor(private readonly change: PersonChange) {}

  execute({ userId, plan }: ChangePlan): Promise<PersonChanged | undefined> {
    return this.change.run(userId, (person, actor) => changePlan(person, plan, actor));
  }
}
