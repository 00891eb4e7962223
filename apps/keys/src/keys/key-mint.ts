import { Injectable } from '@nestjs/common';
import { digestKey, displayKey, mintKey, newId, sealText } from '@tollgate/api-key';
import type { NewEvent } from '@tollgate/contracts';
import type { SqlSession } from '@tollgate/event-log';
import { Clock, Config, Secrets } from '@tollgate/service-kit';
import { PersonBook } from '../accounts/person-book.js';
import { eventsOf, userActor } from '../fact.js';
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

export interface MintOrder {
  actorId: string;
  owner: KeyOwner;
  name: string;
  expiresAt: string | null;
}

/** Makes a key within the transaction of a command, with whatever else that command decides. */
@Injectable()
export class KeyMint {
  constructor(
    private readonly keys: KeyBook,
    private readonly people: PersonBook,
    private readonly workspaces: WorkspaceBook,
    private readonly secrets: Secrets,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Locks the owner, records the key, and gives the events to commit: none when it was refused. */
  async mint(
    sql: SqlSession,
    { actorId, owner, name, expiresAt }: MintOrder,
  ): Promise<{ events: NewEvent[]; value: IssueOutcome }> {
    const keyId = newId();
    const text = mintKey(this.config.KEY_PREFIX);
    const sealedKey = sealText(text, keyId, this.secrets.masterKeys);
    const digest = digestKey(text, this.secrets.pepper);
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
