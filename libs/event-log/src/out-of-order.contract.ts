import { eventually } from '@tollgate/testing';
import type { LoggedEvent, NewEvent } from '@tollgate/contracts';
import { keyRenamed } from './harness.contract.js';
import type { OpenTransaction } from './harness.contract.js';
import type { SqlSession } from './sql-session.js';

/** The log under the scenario: ours, or the naive one that shows the scenario has teeth. */
export interface LogUnderScenario {
  begin(): Promise<OpenTransaction>;
  append(transaction: SqlSession, events: readonly NewEvent[]): Promise<LoggedEvent[]>;
  isHeldUp(transaction: OpenTransaction): Promise<boolean>;
  /** The ids that a live follower has handled. */
  followed(): string[];
}

/**
 * Two transactions append, the first to append is the last to commit, and a follower looks in between. A log either
 * holds the second one up, or lets it through: then the scenario waits until the follower has passed it.
 */
export async function commitOutOfOrder(log: LogUnderScenario): Promise<void> {
  const early = await log.begin();
  const late = await log.begin();
  await log.append(early.session, [keyRenamed('early')]);
  const through = log.append(late.session, [keyRenamed('late')]).then(() => late.commit());
  await eventually(async () => {
    const passed = log.followed().includes('late');
    if (!passed && !(await log.isHeldUp(late))) throw new Error('The second append is neither through nor held up');
  });
  await early.commit();
  await through;
  // One more fact, so that the follower has surely looked again when it has this one.
  const last = await log.begin();
  await log.append(last.session, [keyRenamed('last')]);
  await last.commit();
  await eventually(() => {
    if (!log.followed().includes('last')) throw new Error('The follower has not got the last event');
  });
}
