import { Injectable } from '@nestjs/common';
import type { Confirmation } from '@tollgate/access';
import type { Actor } from '@tollgate/contracts';
import { sqlOfTypeOrm, type SqlSession } from '@tollgate/event-log';
import { Clock, Commit } from '@tollgate/service-kit';
import { eventsOf, userActor } from '../fact.js';
import { KeysDatabase } from '../keys-database.js';
import { ReceiptBook } from '../receipts/receipt-book.js';
import { WorkspaceBook } from './workspace-book.js';
import type { Decision, WorkspaceFact, WorkspaceState } from './workspace.js';

/** Why the actor may not: `notFound` also for who is no member, so that nobody learns what exists. */
export type Denied = { outcome: 'notFound' } | { outcome: 'insufficientRole' };

export interface Done {
  outcome: 'done';
  /** What the fleet said; absent when nothing had to change. */
  confirmation?: Confirmation;
}

export type Changed<Refusal extends string> = Denied | Exclude<Decision<Refusal>, { outcome: 'decided' }> | Done;

/**
 * How every change of one workspace goes: lock it, ask for the actor's role, decide, write, commit, and wait until no
 * gateway acts on the state before (contract A1 row 3).
 */
@Injectable()
export class WorkspaceChange {
  constructor(
    private readonly database: KeysDatabase,
    private readonly commit: Commit,
    private readonly workspaces: WorkspaceBook,
    private readonly receipts: ReceiptBook,
    private readonly clock: Clock,
  ) {}

  /** `mayActAlone`: a member who is no admin may do it all the same (leave). */
  async run<Refusal extends string>(
    workspaceId: string,
    actorId: string,
    decide: (
      state: WorkspaceState,
      actor: Actor,
      sql: SqlSession,
      now: Date,
    ) => Decision<Refusal> | Promise<Decision<Refusal>>,
    { mayActAlone = false } = {},
  ): Promise<Changed<Refusal>> {
    const committed = await this.commit.run<Changed<Refusal>>(this.database, async (manager) => {
      const sql = sqlOfTypeOrm(manager);
      const state = await this.workspaces.lock(sql, workspaceId);
      const role = state?.roles.get(actorId);
      if (!state || !role) return { events: [], value: { outcome: 'notFound' } };
      if (role !== 'admin' && !mayActAlone) return { events: [], value: { outcome: 'insufficientRole' } };
      const now = this.clock.now();
      const decided = await decide(state, userActor(actorId), sql, now);
      if (decided.outcome !== 'decided') {
        return { events: [], value: decided as Exclude<Decision<Refusal>, { outcome: 'decided' }> };
      }
      const { facts } = decided as { facts: WorkspaceFact[] };
      await this.workspaces.record(sql, facts, now);
      return { events: eventsOf(facts, now), value: { outcome: 'done' } };
    });
    const { value, confirmation } = committed;
    if (!confirmation || value.outcome !== 'done') return value;
    await this.receipts.keep(committed, actorId);
    return { outcome: 'done', confirmation };
  }
}
