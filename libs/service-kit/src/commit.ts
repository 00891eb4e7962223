import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type Confirmation, CONFIRM_TIMEOUT_MS, Directory, Fleet } from '@tollgate/access';
import { type EventType, type LoggedEvent, type NewEvent, Problem } from '@tollgate/contracts';
import { EventLog, sqlOfTypeOrm } from '@tollgate/event-log';
import { Histogram } from 'prom-client';
import type { EntityManager } from 'typeorm';
import { Clock } from './clock.js';
import type { Database } from './database.js';
import { Log } from './log.js';
import { Metrics } from './metrics.js';

export interface Change<T> {
  events: NewEvent[];
  value: T;
}

export interface Committed<T> {
  value: T;
  events: LoggedEvent[];
  committedAt: Date;
  /** What the fleet said; absent when nothing changed, or nothing that any gateway can have known before. */
  confirmation?: Confirmation;
}

/**
 * What nobody can have a copy of before, in any entry it changes: the directory never remembers that something is not
 * there.
 */
const BIRTHS: ReadonlySet<EventType> = new Set([
  'UserRegistered',
  'WorkspaceCreated',
  'KeyCreated',
  'KeyRedigested',
  'WorkflowCreated',
  'McpServerCreated',
  'MemberInvited',
]);

/** What takes something away: it is done also while the directory cannot be written, and answers what is pending. */
const WITHDRAWALS: ReadonlySet<EventType> = new Set([
  'KeyRevoked',
  'UserSuspended',
  'PersonalKeysDisallowed',
  'MemberRemoved',
  'MemberRoleChanged',
  'WorkflowUndeployed',
  'WorkflowDeleted',
  'McpServerUpdated',
  'McpServerDeleted',
]);

const APPLY_PAUSE_MS = 100;
const UNAVAILABLE_RETRY_SECONDS = 5;

/**
 * The one way in which a command changes anything: one transaction writes the read model and appends the events; then
 * the directory is brought up at once and the fleet asked, so that the next request sees it on every gateway (contract
 * A1 row 3).
 */
@Injectable()
export class Commit {
  private readonly seconds: Histogram;

  constructor(
    private readonly log: EventLog,
    private readonly directory: Directory,
    private readonly fleet: Fleet,
    private readonly clock: Clock,
    metrics: Metrics,
    private readonly output: Log,
  ) {
    this.seconds = new Histogram({
      name: 'tollgate_confirmation_seconds',
      help: 'From the commit of a change to the confirmation of the slowest gateway, or its fencing',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [metrics.registry],
    });
  }

  /**
   * Runs `work` in a transaction of `database`, appends the events it returns, commits, applies them to the directory
   * and waits for the fleet. Rejects, with nothing changed, when `work` throws, or with a 503 Problem when the directory
   * cannot be written and the change takes nothing away. Lock the aggregate's row first, so that its events keep their
   * order.
   *
   * A change that takes something away resolves also when it could not be made known in time: see `confirmation`. Any
   * other then rejects with a 503 Problem, although it is committed: nobody is told that it works before it does.
   */
  async run<T>(database: Database, work: (manager: EntityManager) => Promise<Change<T>>): Promise<Committed<T>> {
    const done = await database.transaction(async (manager) => {
      const { events, value } = await work(manager);
      if (events.length > 0 && !takesAway(events)) this.expectWritable();
      const logged = events.length === 0 ? [] : await this.log.append(sqlOfTypeOrm(manager), events);
      return { value, events: logged };
    });
    const committedAt = this.clock.now();
    if (done.events.length === 0) return { ...done, committedAt };
    const deadline = performance.now() + CONFIRM_TIMEOUT_MS;
    const isApplied = await this.apply(done.events, deadline);
    if (!isApplied && !takesAway(done.events)) {
      throw unavailable(new Error('a change is committed, but the directory could not be told of it in time'));
    }
    if (done.events.every(({ type }) => BIRTHS.has(type))) return { ...done, committedAt };
    return { ...done, committedAt, confirmation: await this.confirm(done.events, committedAt, isApplied, deadline) };
  }

  /** Asks the fleet (again) for a change that is committed: applies it, too, in case that failed before. */
  async confirmAgain(events: readonly LoggedEvent[], committedAt: Date): Promise<Confirmation> {
    const deadline = performance.now() + CONFIRM_TIMEOUT_MS;
    return this.confirm(events, committedAt, await this.apply(events, deadline), deadline);
  }

  private async confirm(
    events: readonly LoggedEvent[],
    committedAt: Date,
    isApplied: boolean,
    deadline: number,
  ): Promise<Confirmation> {
    const { position } = events.at(-1) as LoggedEvent;
    const leftMs = isApplied ? Math.max(0, deadline - performance.now()) : 0;
    const confirmation = await this.fleet.confirm(position, committedAt, leftMs);
    if (!isApplied) return unapplied(confirmation);
    const { confirmedAt, revokedAt } = confirmation.receipt;
    if (confirmedAt !== null)
      this.seconds.observe(Math.max(0, Date.parse(confirmedAt) - Date.parse(revokedAt)) / 1_000);
    return confirmation;
  }

  /** Tries until the deadline. False: the log will apply it later. */
  private async apply(events: readonly LoggedEvent[], deadline: number): Promise<boolean> {
    for (;;) {
      try {
        await this.directory.apply(events);
        return true;
      } catch (error) {
        if (performance.now() + APPLY_PAUSE_MS >= deadline) {
          this.output.warn('a committed change could not be applied to the directory', {
            position: events.at(-1)?.position.toString(),
            fault: (error as Error).message,
          });
          return false;
        }
        await pause(APPLY_PAUSE_MS);
      }
    }
  }

  private expectWritable(): void {
    const { isWritable, reason } = this.directory.state();
    if (!isWritable) throw unavailable(new Error(`the directory cannot be written: ${reason ?? 'unknown'}`));
  }
}

function takesAway(events: readonly { type: EventType }[]): boolean {
  return events.some(({ type }) => WITHDRAWALS.has(type));
}

/** Whoever may have confirmed has not confirmed this: it is not in the directory yet. */
function unapplied({ receipt, pending }: Confirmation): Confirmation {
  const { gateways, fenced } = receipt;
  const all = [...pending, ...gateways.map(({ id }) => id), ...fenced];
  return {
    receipt: { ...receipt, confirmedAt: null, gateways: [], fenced: [] },
    pending: all.length > 0 ? all : ['unknown'],
  };
}

function unavailable(cause: Error): Problem {
  return new Problem('unavailable', { retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS, cause });
}
