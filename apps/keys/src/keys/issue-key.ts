import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { sqlOfTypeOrm } from '@tollgate/event-log';
import { Commit } from '@tollgate/service-kit';
import { isTaken, KeysDatabase } from '../keys-database.js';
import { type IssueOutcome, KeyMint } from './key-mint.js';
import type { KeyOwner } from './key.js';

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
    private readonly keyMint: KeyMint,
  ) {}

  async execute(command: IssueKey): Promise<IssueOutcome> {
    try {
      const committed = await this.commit.run<IssueOutcome>(this.database, (manager) =>
        this.keyMint.mint(sqlOfTypeOrm(manager), command),
      );
      return committed.value;
    } catch (error) {
      // The owner's row is locked, so this is the net under the net: the index has the last word on a name.
      if (isTaken(error, 'api_key_personal_name') || isTaken(error, 'api_key_workspace_name')) {
        return { outcome: 'nameTaken' };
      }
      throw error;
    }
  }
}
