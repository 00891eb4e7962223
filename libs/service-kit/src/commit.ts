import { Injectable } from '@nestjs/common';
import { Directory, Fleet, type Receipt } from '@tollgate/access';
import type { LoggedEvent, NewEvent } from '@tollgate/contracts';
import { EventLog, sqlOfTypeOrm } from '@tollgate/event-log';
import type { EntityManager } from 'typeorm';
import { Clock } from './clock.js';
import type { Database } from './database.js';

export interface Change<T> {
  events: NewEvent[];
  value: T;
}

export interface Committed<T> {
  value: T;
  events: LoggedEvent[];
  committedAt: Date;
}

/**
 * The one way in which a command changes anything: one transaction writes the read model and appends the events; then
 * the directory is brought up at once, so that the next request sees it (contract A1 row 3).
 */
@Injectable()
export class Commit {
  constructor(
    private readonly log: EventLog,
    private readonly directory: Directory,
    private readonly fleet: Fleet,
    private readonly clock: Clock,
  ) {}

  /**
   * Runs `work` in a transaction of `database`, appends the events it returns, commits, applies them to the directory.
   * Rejects, with nothing changed, when `work` throws. Lock the aggregate's row first, so that its events keep their order.
   */
  async run<T>(database: Database, work: (manager: EntityManager) => Promise<Change<T>>): Promise<Committed<T>> {
    const done = await database.transaction(async (manager) => {
      const { events, value } = await work(manager);
      const logged = events.length === 0 ? [] : await this.log.append(sqlOfTypeOrm(manager), events);
      return { value, events: logged };
    });
    const committedAt = this.clock.now();
    if (done.events.length > 0) await this.directory.apply(done.events);
    return { ...done, committedAt };
  }

  /** Waits until no gateway acts on the state before this change, and says so. */
  confirm(committed: Committed<unknown>): Promise<Receipt> {
    const last = committed.events.at(-1);
    if (!last) throw new Error('A change without events has nothing to confirm');
    return this.fleet.confirm(last.position, committed.committedAt);
  }
}
