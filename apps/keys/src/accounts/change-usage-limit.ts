import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { PersonChange, type PersonChanged } from './person-change.js';
import { changeUsageLimit } from './person.js';

/** Sets what a person may use in a billing period, in micro-dollars; null: back to the plan's allowance. */
export class ChangeUsageLimit extends Command<PersonChanged | undefined> {
  constructor(
    readonly userId: string,
    readonly limitMicros: number | null,
  ) {
    super();
  }
}

@CommandHandler(ChangeUsageLimit)
export class ChangeUsageLimitHandler implements ICommandHandler<ChangeUsageLimit> {
  constructor(private readonly change: PersonChange) {}

  execute({ userId, limitMicros }: ChangeUsageLimit): Promise<PersonChanged | undefined> {
    return this.change.run(userId, (person, actor) => changeUsageLimit(person, limitMicros, actor));
  }
}
