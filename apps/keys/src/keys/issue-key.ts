import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { digestKey, displayKey, mintKey, newId, sealText } from '@tollgate/api-key';
import { sqlOfTypeOrm, type SqlSession } from '@tollgate/event-log';
import { Clock, Commit, Config, Secrets } from '@tollgate/service-kit';
import { PersonBook } from '../accounts/person-book.js';
import { eventsOf, userActor } from '../fact.js';
import { isTaken, KeysDatabase } from '../keys-database.js';
import { WorkspaceBook } from '../workspaces/workspace-book.js';
import { KeyBook } from './key-book.js';
import { issue, type Issuing, type KeyOwner } from './key.js';

/** The one moment in which the text of a key is known. */
export interface IssuedKey {
  id: string;
  name: string;
  key: string;
  createdAt: string;
  expiresAt: string | null;
}

export type IssueOutcome =
  | { outcome: 'issued'; key: IssuedKey }
  | { outcome: Exclude<Issuing['outcome'], 'issued'> }
  /** The actor may not make keys here (any more). */
  | { outcome: 'forbidden' };

/** Makes a key. When it answers, the very next request with the key works (contract A1 row 3). */
export class IssueKey extends Command<IssueOutcome> {
  constructor(
    readonly actorId: string,
    readonly owner: KeyOwner,
    readonly name: string,
    readonly expiresAt: string | null,
  ) {
    super();
  }
}

@CommandHandler(IssueKey)
export class IssueKeyHandler implements ICommandHandler<IssueKey> {
  constructor(
    private readonly database: KeysDatabase,
    private readonly commit: Commit,
    private readonly keys: KeyBook,
    private readonly people: PersonBook,
    private readonly workspaces: WorkspaceBook,
    private readonly secrets: Secrets,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  async execute(command: IssueKey): Promise<IssueOutcome> {
    try {
      return await this.issue(command);
    } catch (error) {
      // The owner's row is locked, so this is the net under the net: the index has the last word on a name.
      if (isTaken(error, 'api_key_personal_name') || isTaken(error, 'api_key_workspace_name')) {
        return { outcome: 'nameTaken' };
      }
      throw error;
    }
  }

  private async issue({ actorId, owner, name, expiresAt }: IssueKey): Promise<IssueOutcome> {
    const keyId = newId();
    const text = mintKey(this.config.KEY_PREFIX);
    const sealedKey = sealText(text, keyId, this.secrets.masterKeys);
    const digest = digestKey(text, this.secrets.pepper);
    const committed = await this.commit.run<IssueOutcome>(this.database, async (manager) => {
      const sql = sqlOfTypeOrm(manager);
      if (!(await this.lockOwner(sql, owner, actorId))) return { events: [], value: { outcome: 'forbidden' } };
      const now = this.clock.now();
      const decided = issue(
        {
          keyId,
          digest,
          displayKey: displayKey(text, this.config.KEY_PREFIX),
          owner,
          name,
          expiresAt,
          actor: userActor(actorId),
        },
        await this.keys.holdings(sql, owner, name),
        now,
      );
      if (decided.outcome !== 'issued') return { events: [], value: decided };
      await this.keys.record(sql, decided.facts, now, { sealedKey, createdBy: actorId });
      const key = { id: keyId, name, key: text, createdAt: now.toISOString(), expiresAt };
      return { events: eventsOf(decided.facts, now), value: { outcome: 'issued', key } };
    });
    return committed.value;
  }

  /** Locks whose key it will be; false when the actor may not make one for it. */
  private async lockOwner(sql: SqlSession, owner: KeyOwner, actorId: string): Promise<boolean> {
    if (owner.kind === 'personal') {
      const person = await this.people.lock(sql, owner.ownerId);
      return person !== undefined && !person.suspended && owner.ownerId === actorId;
    }
    const workspace = await this.workspaces.lock(sql, owner.workspaceId);
    return workspace?.roles.get(actorId) === 'admin';
  }
}
