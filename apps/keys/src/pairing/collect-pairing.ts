import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { sqlOfTypeOrm } from '@tollgate/event-log';
import { type Change, Clock, Commit } from '@tollgate/service-kit';
import { PersonBook } from '../accounts/person-book.js';
import { KeysDatabase } from '../keys-database.js';
import { type IssuedKey, type IssueOutcome, KeyMint } from '../keys/key-mint.js';
import { PairingBook } from './pairing-book.js';
import { keyNameAt, type Pairing, poll, type Polling } from './pairing.js';

export type CollectOutcome =
  | { outcome: 'complete'; key: IssuedKey; workspaceId: string | null; isBound: boolean }
  | { outcome: Exclude<Polling['outcome'], 'collectable'> }
  /** Who approved it may not make such a key any more, or has as many as one may have. */
  | { outcome: 'forbidden' | 'tooManyKeys' };

/** A command line asks for its key: made now, once, if somebody has approved it. */
export class CollectPairing extends Command<CollectOutcome> {
  constructor(
    readonly request: string,
    readonly verifier: string,
  ) {
    super();
  }
}

@CommandHandler(CollectPairing)
export class CollectPairingHandler implements ICommandHandler<CollectPairing> {
  constructor(
    private readonly database: KeysDatabase,
    private readonly commit: Commit,
    private readonly pairings: PairingBook,
    private readonly people: PersonBook,
    private readonly keyMint: KeyMint,
    private readonly clock: Clock,
  ) {}

  /** The key and the note that it was collected are one transaction: however many poll at once, one gets it. */
  async execute({ request, verifier }: CollectPairing): Promise<CollectOutcome> {
    const committed = await this.commit.run<CollectOutcome>(this.database, async (manager) => {
      const sql = sqlOfTypeOrm(manager);
      const now = this.clock.now();
      const polled = poll(await this.pairings.lock(sql, request), verifier, now.getTime());
      if (polled.outcome !== 'collectable') return nothing(polled);
      const { approvedBy, workspaceId, isBound } = polled.pairing;
      // A workspace's key asks for its admin's role alone: a session, which ends with a suspension, is not at hand here.
      if ((await this.people.suspension(approvedBy))?.suspended !== false) return nothing({ outcome: 'forbidden' });
      const minted = await this.keyMint.mint(sql, {
        actorId: approvedBy,
        owner: ownerOf(polled.pairing),
        name: keyNameAt(now),
        expiresAt: null,
      });
      if (minted.value.outcome !== 'issued') return nothing(refusalOf(minted.value));
      const { key } = minted.value;
      await this.pairings.markCollected(sql, request, key.id);
      return { events: minted.events, value: { outcome: 'complete', key, workspaceId, isBound } };
    });
    return committed.value;
  }
}

function ownerOf({ isBound, workspaceId, approvedBy }: Pairing) {
  return isBound && workspaceId !== null
    ? ({ kind: 'workspace', workspaceId } as const)
    : ({ kind: 'personal', ownerId: approvedBy } as const);
}

function refusalOf({ outcome }: Exclude<IssueOutcome, { outcome: 'issued' }>): CollectOutcome {
  if (outcome === 'forbidden' || outcome === 'tooManyKeys') return { outcome };
  // Two logins in one second would have one name: the later one gets its own with its next poll.
  return { outcome: 'pending' };
}

function nothing(value: CollectOutcome): Change<CollectOutcome> {
  return { events: [], value };
}
