import type { EventType, LoggedEvent, NewEvent, Topic } from '@tollgate/contracts';
import type { SqlSession } from './sql-session.js';

/**
 * The log of all facts: the one way in which services learn of each other.
 *
 * Every body promises: an event appended in a transaction is in the log if and only if that transaction commits;
 * every follower gets every event of its topics at least once and in order per subject; nothing is skipped when
 * transactions commit out of order; facts are kept for ever, those of the control plane so that a directory, those of
 * the data plane so that a bill can be rebuilt.
 *
 * An event id stands for one event, however often it is published or delivered. In memory and in PostgreSQL it is in
 * the log once, and all events are in one order; in Kafka it may be there again, also behind newer ones, and order
 * holds per subject alone (docs/kafka.md). Effects that are unique by event id, and projections that let no older position
 * overwrite a newer one, are right on all of them.
 */
export abstract class EventLog {
  /**
   * Appends control-plane events inside the caller's transaction and returns them with their positions, in order.
   * Call it last before the commit: a body may hold back other appends until then. Throws when an event does not
   * fit its schema; the caller's transaction then rolls back.
   */
  abstract append(transaction: SqlSession, events: readonly NewEvent[]): Promise<LoggedEvent[]>;

  /**
   * Publishes data-plane events on their own, durably, before it resolves. Safe to repeat; a call that rejected is to
   * be repeated, since some of its events may be in the log. At most `PUBLISH_EVENTS_MAX` events, all or nothing (in
   * Kafka some, when it rejects). An event may come with its envelope written already: its text is kept as it is.
   */
  abstract publish(events: readonly (NewEvent | WrittenEvent)[]): Promise<void>;

  /** Starts a follower. It runs until stopped, through reconnects; see `Follower` for what it promises. */
  abstract follow(follower: Follower): Following;
}

/**
 * A data-plane event whose CloudEvents envelope its producer has written already, so that nobody has to read and write
 * it again. The members repeat what the text says.
 */
export interface WrittenEvent {
  id: string;
  type: EventType;
  subject: string;
  text: string;
}

/** Most events of one `publish`. */
export const PUBLISH_EVENTS_MAX = 5_000;

/**
 * A follower with an effect in Postgres keeps its checkpoint in the same transaction as the effect: `handle` gets that
 * transaction. A follower without a `checkpoint` (an in-memory projection) reads from the beginning at each start.
 * A batch whose `handle` throws is tried again, at most `retriesMax` times with growing pauses; then the follower
 * stops loudly: `state` turns `failed`, health turns red, and the event's position is in the error.
 */
export interface Follower {
  /** Unique name, also the name of the checkpoint and of the consumer group. */
  name: string;
  topics: readonly Topic[];
  checkpoint?: CheckpointStore;
  /** Default 500. */
  batchEventsMax?: number;
  /** Default 5. */
  retriesMax?: number;
  /** Effects must be safe to repeat. `transaction` is present exactly when the follower has a checkpoint. */
  handle(events: LoggedEvent[], transaction: SqlSession | undefined): Promise<void>;
}

/** Where a follower's checkpoint lives: beside its effect. */
export interface CheckpointStore {
  /** Runs `work` in one transaction of the follower's own database; the checkpoint row is locked in it. */
  inTransaction<T>(work: (transaction: SqlSession) => Promise<T>): Promise<T>;
  /** Schema-qualified table made by `checkpointTableSql`. */
  table: string;
}

export interface FollowerState {
  name: string;
  status: 'starting' | 'running' | 'retrying' | 'failed' | 'stopped';
  /** The last position whose effect is committed; 0n before any. In Kafka: how many events' effects are. */
  position: bigint;
  /** The newest position (in Kafka: how many events) known to be in these topics: `position` below it means lag. */
  head: bigint;
  /** The fault of `retrying` and `failed`, without secrets. */
  error?: string;
}

export interface Following {
  state(): FollowerState;
  /** Resolves when everything that was in the log at the call has been handled; rejects when the follower failed or the time is up. */
  caughtUp(timeoutMs: number): Promise<void>;
  /** Ends after the batch in hand. Safe to call twice. */
  stop(): Promise<void>;
}
