import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { sqlOfTypeOrm } from '@tollgate/event-log';
import { Clock, Commit } from '@tollgate/service-kit';
import { eventsOf, userActor } from '../fact.js';
import { isTaken, KeysDatabase } from '../keys-database.js';
import { WorkspaceBook } from '../workspaces/workspace-book.js';
import { KeyBook } from './key-book.js';
import { rename } from './key.js';

export type RenameOutcome =
  | { outcome: 'renamed'; key: { id: string; name: string; createdAt: string; updatedAt: string } }
  | { outcome: 'nameTaken' | 'notFound' | 'forbidden' };

/** Renames a workspace key (contract B1.1); personal keys have no rename. */
export class RenameKey extends Command<RenameOutcome> {
  constructor(
    readonly actorId: string,
    readonly workspaceId: string,
    readonly keyId: string,
    readonly name: string,
  ) {
    super();
  }
}

@CommandHandler(RenameKey)
export class RenameKeyHandler implements ICommandHandler<RenameKey> {
  constructor(
    private readonly database: KeysDatabase,
    private readonly commit: Commit,
    private readonly keys: KeyBook,
    private readonly workspaces: WorkspaceBook,
    private readonly clock: Clock,
  ) {}

  async execute(command: RenameKey): Promise<RenameOutcome> {
    try {
      return await this.rename(command);
    } catch (error) {
      if (isTaken(error, 'api_key_workspace_name')) return { outcome: 'nameTaken' };
      throw error;
    }
  }

  private async rename({ actorId, workspaceId, keyId, name }: RenameKey): Promise<RenameOutcome> {
    const committed = await this.commit.run<RenameOutcome>(this.database, async (manager) => {
      const sql = sqlOfTypeOrm(manager);
      const refused = (outcome: 'nameTaken' | 'notFound' | 'forbidden') => ({ events: [], value: { outcome } });
      const owner = { kind: 'workspace', workspaceId } as const;
      const workspace = await this.workspaces.lock(sql, workspaceId);
      if (workspace?.roles.get(actorId) !== 'admin') return refused('forbidden');
      const [key] = await this.keys.lockActive(sql, owner, [keyId]);
      if (!key) return refused('notFound');
      const { nameTaken } = await this.keys.holdings(sql, owner, name);
      const decided = rename(key, name, nameTaken, userActor(actorId));
      if (decided.outcome === 'nameTaken') return refused('nameTaken');
      const now = this.clock.now();
      await this.keys.record(sql, decided.facts, now);
      const updatedAt = decided.facts.length > 0 ? now : key.updatedAt;
      return {
        events: eventsOf(decided.facts, now),
        value: {
          outcome: 'renamed',
          key: { id: keyId, name, createdAt: key.createdAt.toISOString(), updatedAt: updatedAt.toISOString() },
        },
      };
    });
    return committed.value;
  }
}
