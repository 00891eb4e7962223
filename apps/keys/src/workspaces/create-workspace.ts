import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '@tollgate/api-key';
import { WORKSPACES_OWNED_MAX, type WorkspaceView } from '@tollgate/contracts';
import { sqlOfTypeOrm } from '@tollgate/event-log';
import { Clock, Commit } from '@tollgate/service-kit';
import { PersonBook } from '../accounts/person-book.js';
import { eventsOf, userActor } from '../fact.js';
import { KeysDatabase } from '../keys-database.js';
import { WorkspaceBook } from './workspace-book.js';
import { found } from './workspace.js';

export type CreateWorkspaceOutcome =
  { outcome: 'created'; workspace: WorkspaceView } | { outcome: 'tooManyWorkspaces' };

/** Makes a workspace; the caller becomes owner, payer and admin (contract A3). */
export class CreateWorkspace extends Command<CreateWorkspaceOutcome> {
  constructor(
    readonly ownerId: string,
    readonly name: string,
  ) {
    super();
  }
}

@CommandHandler(CreateWorkspace)
export class CreateWorkspaceHandler implements ICommandHandler<CreateWorkspace> {
  constructor(
    private readonly database: KeysDatabase,
    private readonly commit: Commit,
    private readonly people: PersonBook,
    private readonly workspaces: WorkspaceBook,
    private readonly clock: Clock,
  ) {}

  async execute({ ownerId, name }: CreateWorkspace): Promise<CreateWorkspaceOutcome> {
    const id = newId();
    const committed = await this.commit.run<CreateWorkspaceOutcome>(this.database, async (manager) => {
      const sql = sqlOfTypeOrm(manager);
      // Locked, so that the count holds until the commit.
      await this.people.lock(sql, ownerId);
      if ((await this.workspaces.ownedBy(sql, ownerId)) >= WORKSPACES_OWNED_MAX) {
        return { events: [], value: { outcome: 'tooManyWorkspaces' } };
      }
      const now = this.clock.now();
      const facts = found(id, name, ownerId, userActor(ownerId));
      await this.workspaces.record(sql, facts, now);
      const workspace: WorkspaceView = {
        id,
        name,
        ownerId,
        billedAccountUserId: ownerId,
        allowPersonalApiKeys: true,
        permissions: 'admin',
        createdAt: now.toISOString(),
      };
      return { events: eventsOf(facts, now), value: { outcome: 'created', workspace } };
    });
    return committed.value;
  }
}
