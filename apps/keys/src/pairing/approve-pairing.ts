import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type ApprovePairingBody, PAIRING_MINUTES, PAIRINGS_WAITING_MAX } from '@tollgate/contracts';
import { sqlOfTypeOrm } from '@tollgate/event-log';
import { Clock } from '@tollgate/service-kit';
import { PersonBook } from '../accounts/person-book.js';
import { KeysDatabase } from '../keys-database.js';
import { WorkspaceBook } from '../workspaces/workspace-book.js';
import { PairingBook } from './pairing-book.js';
import type { Pairing } from './pairing.js';

export type ApproveOutcome = {
  outcome:
    | 'approved'
    /** Another person, challenge or choice: the first decision stands. */
    | 'decidedBefore'
    | 'workspaceNotFound'
    /** Binding is for the workspace's admins. */
    | 'forbidden'
    | 'tooManyWaiting';
};

const MINUTE_MS = 60 * 1000;

/** Lets a command line have a key of this person, or of the workspace; it is made when the command line collects it. */
export class ApprovePairing extends Command<ApproveOutcome> {
  constructor(
    readonly userId: string,
    readonly body: ApprovePairingBody,
  ) {
    super();
  }
}

@CommandHandler(ApprovePairing)
export class ApprovePairingHandler implements ICommandHandler<ApprovePairing> {
  constructor(
    private readonly database: KeysDatabase,
    private readonly pairings: PairingBook,
    private readonly people: PersonBook,
    private readonly workspaces: WorkspaceBook,
    private readonly clock: Clock,
  ) {}

  async execute({ userId, body }: ApprovePairing): Promise<ApproveOutcome> {
    const refusal = await this.refusalOf(userId, body);
    if (refusal) return refusal;
    return this.database.transaction(async (manager) => {
      const sql = sqlOfTypeOrm(manager);
      const now = this.clock.now();
      const pairing: Pairing = {
        challenge: body.challenge,
        approvedBy: userId,
        workspaceId: body.workspaceId ?? null,
        isBound: body.bindKeyToWorkspace ?? false,
        expiresAtMs: now.getTime() + PAIRING_MINUTES * MINUTE_MS,
        keyId: null,
      };
      const before = await this.pairings.lock(sql, body.request);
      if (before) return { outcome: isSame(before, pairing) ? 'approved' : 'decidedBefore' };
      // The person's approvals are counted one after the other.
      await this.people.lock(sql, userId);
      if ((await this.pairings.waiting(sql, userId, now)) >= PAIRINGS_WAITING_MAX) return { outcome: 'tooManyWaiting' };
      return { outcome: (await this.pairings.keep(sql, body.request, pairing, now)) ? 'approved' : 'decidedBefore' };
    });
  }

  private async refusalOf(userId: string, body: ApprovePairingBody): Promise<ApproveOutcome | undefined> {
    if ((body.workspaceId ?? null) === null) return undefined;
    const standing = await this.workspaces.standing(body.workspaceId as string, userId);
    const role = standing.exists ? standing.role : undefined;
    if (body.bindKeyToWorkspace && role !== 'admin') return { outcome: 'forbidden' };
    return role ? undefined : { outcome: 'workspaceNotFound' };
  }
}

/** A button pressed twice. */
function isSame(one: Pairing, other: Pairing): boolean {
  return (
    one.challenge === other.challenge &&
    one.approvedBy === other.approvedBy &&
    one.workspaceId === other.workspaceId &&
    one.isBound === other.isBound
  );
}
