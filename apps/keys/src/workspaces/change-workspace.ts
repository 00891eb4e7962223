import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { WorkspaceChange, type Changed } from './workspace-change.js';
import { change, type WorkspaceChanges } from './workspace.js';

export type ChangeWorkspaceOutcome = Changed<'billedAccountNotAdmin'>;

/** Changes name, the switch for personal keys and the billed account, all or none (contract B1.1). */
export class ChangeWorkspace extends Command<ChangeWorkspaceOutcome> {
  constructor(
    readonly actorId: string,
    readonly workspaceId: string,
    readonly changes: WorkspaceChanges,
  ) {
    super();
  }
}

@CommandHandler(ChangeWorkspace)
export class ChangeWorkspaceHandler implements ICommandHandler<ChangeWorkspace> {
  constructor(private readonly change: WorkspaceChange) {}

  execute({ actorId, workspaceId, changes }: ChangeWorkspace): Promise<ChangeWorkspaceOutcome> {
    return this.change.run(workspaceId, actorId, (state, actor) => change(state, changes, actor));
  }
}
