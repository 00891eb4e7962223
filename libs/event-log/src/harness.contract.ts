import type { LoggedEvent, NewEvent, Topic } from '@tollgate/contracts';
import type { CheckpointStore, EventLog, Follower, Following } from './event-log.js';
import type { SqlSession } from './sql-session.js';

/** What a body brings to its contract suite: the log, transactions for it, and an effect to watch. */
export interface EventLogHarness {
  log: EventLog;
  /** The same log as another process sees it. */
  elsewhere: EventLog;
  checkpoint: CheckpointStore;
  /**
   * Whether all events are in one line of positions, each once. A log of several lines keeps the order of each subject,
   * may hold a published event more than once, and counts events in its followers' states.
   */
  oneLine: boolean;
  begin(): Promise<OpenTransaction>;
  /** Whether this transaction is waiting for another one's append. */
  isHeldUp(transaction: OpenTransaction): Promise<boolean>;
  /** Writes an effect in a follower's transaction; an effect written twice is there twice. */
  recordEffect(transaction: SqlSession, eventId: string): Promise<void>;
  /** The committed effects, in order. */
  effects(): Promise<string[]>;
  /** The pauses that followers asked for; none of them is really waited for. */
  pausesMs: number[];
  close(): Promise<void>;
}

export interface OpenTransaction {
  session: SqlSession;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

export type MakeHarness = () => Promise<EventLogHarness>;

const TIME = '2026-01-02T03:04:05.678Z';
const actor = { type: 'user', id: 'usr_1' } as const;

/** A control-plane fact of one key. */
export function keyRenamed(id: string, keyId = 'key_1', name = `name of ${id}`): NewEvent<'KeyRenamed'> {
  const data = { keyId, digest: 'a'.repeat(64), actor, name };
  return { id, type: 'KeyRenamed', source: '/tollgate/keys', subject: keyId, time: TIME, data };
}

/** A control-plane fact of another topic. */
export function userSuspended(id: string, userId = 'usr_1'): NewEvent<'UserSuspended'> {
  return { id, type: 'UserSuspended', source: '/tollgate/keys', subject: userId, time: TIME, data: { userId, actor } };
}

const run = {
  workspaceId: 'wsp_1',
  workspaceName: 'Acme',
  workflowId: 'wfl_1',
  workflowName: 'Quote',
  keyId: 'key_1',
  keyName: 'CI',
  keyKind: 'workspace',
  actorUserId: null,
  payerUserId: 'usr_1',
  trigger: 'api',
} as const;

/** A data-plane fact of a run. */
export function requestBilled(id: string, runId = `run_${id}`): NewEvent<'RequestBilled'> {
  const price = { payerRule: 'key-type', priceId: 'prc_1', baseMicros: 5_000, runnerMicros: 0 } as const;
  const data = { ...run, ...price, runId, admittedAt: TIME, durationMs: 12 };
  return { id, type: 'RequestBilled', source: '/tollgate/gateway', subject: runId, time: TIME, data };
}

/** The other fact of a run, with text that is hard to keep. */
export function runFinished(id: string, runId = `run_${id}`): NewEvent<'RunFinished'> {
  const result = { status: 'completed', startedAt: TIME, endedAt: TIME, durationMs: 12, costMicros: 5_000 } as const;
  const input = { '2': 'b', '1': 'a', nul: '\u0000', half: '\ud800', quote: '"\\{}', deep: [[null, 1e21, -0.5]] };
  const extra = { requestId: 'req_1', deploymentVersionId: 'dep_1', billable: true, input, output: null, error: null };
  const data = { ...run, ...result, ...extra, runId, client: { userAgent: 'curl/8', clientInfo: null } };
  return { id, type: 'RunFinished', source: '/tollgate/gateway', subject: runId, time: TIME, data };
}

/** A follower that only remembers what it was given. */
export function listener(name: string, topics: readonly Topic[], more: Partial<Follower> = {}) {
  const seen: LoggedEvent[] = [];
  const follower: Follower = {
    name,
    topics,
    handle: (events) => {
      seen.push(...events);
      return Promise.resolve();
    },
    ...more,
  };
  return { follower, seen, ids: () => seen.map((event) => event.id) };
}

/** Starts followers and stops them all after the test. */
export class Followings {
  readonly #all: Following[] = [];

  start(log: EventLog, follower: Follower): Following {
    const following = log.follow(follower);
    this.#all.push(following);
    return following;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.splice(0).map((following) => following.stop()));
  }
}

export async function appendCommitted(harness: EventLogHarness, events: readonly NewEvent[]): Promise<LoggedEvent[]> {
  const transaction = await harness.begin();
  try {
    const logged = await harness.log.append(transaction.session, events);
    await transaction.commit();
    return logged;
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

/** What a follower got against what was written: in one line, or in the order of each subject. */
export function expectSameEvents(harness: EventLogHarness, got: readonly LoggedEvent[], all: readonly LoggedEvent[]) {
  if (harness.oneLine) return expect(got).toEqual(all);
  return expect(bySubject(got)).toEqual(bySubject(all));
}

export function expectSameIds(harness: EventLogHarness, got: readonly string[], all: readonly string[]) {
  if (harness.oneLine) return expect(got).toEqual(all);
  return expect([...new Set(got)].sort()).toEqual([...all].sort());
}

function bySubject(events: readonly LoggedEvent[]): Record<string, LoggedEvent[]> {
  const subjects: Record<string, LoggedEvent[]> = {};
  for (const event of events) (subjects[event.subject] ??= []).push(event);
  return subjects;
}

/** Positions grow: along the whole log, or along each subject. */
export function expectGrowingPositions(harness: EventLogHarness, events: readonly LoggedEvent[]): void {
  for (const line of harness.oneLine ? [events] : Object.values(bySubject(events))) {
    const positions = line.map(({ position }) => position);
    expect(positions).toEqual([...positions].sort((one, other) => Number(one - other)));
  }
}

/** Random numbers in [0, below) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
