import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Role } from '@tollgate/contracts';
import { WorkspaceChange, type Changed } from './workspace-change.js';
import { changeRoles } from './workspace.js';

export type ChangeRolesOutcome = Changed<'notMember' | 'ownerStaysAdmin' | 'billedAccountStaysAdmin'>;

/** Changes the roles of members, all or none (contract A3). */
export class ChangeRoles extends Command<ChangeRolesOutcome> {
  constructor(
    readonly actorId: string,
    readonly workspaceId: string,
    readonly updates: readonly { userId: string; role: Role }[],
  ) {
    super();
  }
}

@CommandHandler(ChangeRoles)
export class ChangeRolesHandler implements ICommandHandler<ChangeRoles> {
  constructor(private readonly change: WorkspaceChange) {}

  execute({ actorId, workspaceId, updates }: ChangeRoles): Promise<ChangeRolesOutcome> {
    return this.change.run(workspaceId, actorId, (state, actor) => changeRoles(state, updates, actor));
  }
}
