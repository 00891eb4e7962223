import { TOPICS } from '@tollgate/contracts';
import { Bell } from './bell.js';
import type { EventLogLogger } from './event-log-logger.js';
import type { Follower, FollowerState, Following } from './event-log.js';
import { KafkaAssignment } from './kafka-assignment.js';
import type { KafkaBatch, KafkaClient, KafkaMembership } from './kafka-client.js';
import { kafkaFault } from './kafka-faults.js';
import { KafkaGoal } from './kafka-goal.js';
import { isSettlingFault } from './kafka-report.js';
import { KafkaTaking, TakingFault } from './kafka-taking.js';
import type { Outbox } from './kafka-outbox.js';
import { kafkaTopic } from './kafka-topics.js';
import { pauseMs } from './pauses.js';
import type { Sleep } from './pauses.js';

export interface KafkaFollowingParts {
  client: KafkaClient;
  outbox: Outbox;
  /** The newest position of the outbox, of these topics. */
  outboxHead(topics: Follower['topics']): Promise<bigint>;
  topicPrefix: string;
  /** The consumer group. */
  groupId: string;
  /** Records to pass over, as `follower@topic/partition/offset`. */
  skip: ReadonlySet<string>;
  log: EventLogLogger;
  sleep: Sleep;
}

const ENDS_EVERY_MS = 5_000;
const LOOK_MS = 20;
const HEARTBEAT_MS = 1_000;
/** Tries in a row, some ten seconds, before what passes by itself is a warning. */
const SETTLING_TRIES_MAX = 7;

/**
 * One follower over the partitions of its topics. With a checkpoint it is a consumer group: processes with one name
 * share the partitions, and the next offset of each is a row in the follower's database, locked and moved in the
 * transaction of the effect. Kafka's word on who has a partition only decides who tries: a consumer that was thought
 * dead and goes on finds the offset moved, and takes nothing twice. Without a checkpoint it is a group of its own.
 *
 * `state().position` counts the records whose effects are committed, over all partitions and processes of its name;
 * `state().head` counts the records that are there. Their difference is the lag, in events.
 */
export class KafkaFollowing implements Following {
  readonly #follower: Follower;
  readonly #parts: KafkaFollowingParts;
  readonly #assignment: KafkaAssignment;
  readonly #taking: KafkaTaking;
  readonly #stop = new AbortController();
  readonly #progress = new Bell();
  readonly #ended: Promise<void>;
  #status: FollowerState['status'] = 'starting';
  #error: string | undefined;
  #outages = 0;
  #membership: KafkaMembership | undefined;
  #busy: Promise<void> = Promise.resolve();
  #failed = Promise.withResolvers<void>();

  constructor(follower: Follower, parts: KafkaFollowingParts) {
    this.#follower = follower;
    this.#parts = parts;
    const topics = TOPICS.filter((topic) => follower.topics.includes(topic));
    const names = new Map(topics.map((topic) => [kafkaTopic(topic, parts.topicPrefix), topic]));
    this.#assignment = new KafkaAssignment(follower, parts.client, [...names.keys()]);
    this.#taking = new KafkaTaking(follower, names, parts.skip, parts.log);
    this.#ended = this.#run();
  }

  state(): FollowerState {
    return {
      name: this.#follower.name,
      status: this.#status,
      position: this.#assignment.done,
      head: this.#assignment.end,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  async caughtUp(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    const { name, topics } = this.#follower;
    const goal = new KafkaGoal(this.#assignment, this.#parts.outbox, () => this.#parts.outboxHead(topics));
    for (;;) {
      const seen = this.#progress.rings;
      goal.look();
      if (goal.reached) return;
      if (this.#status === 'failed') throw new Error(this.#error);
      if (this.#status === 'stopped') throw new Error(`Follower ${name} was stopped ${goal.where}`);
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) {
        const why = this.#error ? `, ${this.#error}` : '';
        throw new Error(`Follower ${name} is ${goal.where} after ${timeoutMs} ms (${this.#status}${why})`);
      }
      await this.#progress.heard(seen, Math.min(leftMs, LOOK_MS));
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    while (!signal.aborted && this.#status !== 'failed') {
      try {
        await this.#membershipUntil(stopped);
      } catch (error) {
        if (signal.aborted) break;
        await this.#afterOutage(error);
      }
    }
    if (this.#status !== 'failed') this.#status = 'stopped';
    this.#progress.ring();
  }

  /** From joining the group until it is to end; throws when the client gave up. */
  async #membershipUntil(stopped: Promise<void>): Promise<void> {
    const { client, groupId } = this.#parts;
    await this.#assignment.refresh();
    const membership = await client.join({
      groupId,
      topics: this.#assignment.topics,
      onAssigned: (partitions) => this.#onAssigned(partitions),
      onBatch: (batch) => (this.#busy = this.#onBatch(batch)),
    });
    const watch = setInterval(() => void this.#assignment.refresh().catch(() => undefined), ENDS_EVERY_MS).unref();
    try {
      // A consumer that has ended meanwhile refuses to seek; kept here, it would refuse for its successors too.
      this.#membership = membership;
      this.#seekAll();
      const crash = await Promise.race([membership.crashed, stopped, this.#failed.promise]);
      if (crash instanceof Error) throw crash;
    } finally {
      clearInterval(watch);
      await this.#busy.catch(() => undefined);
      await membership.leave();
      this.#membership = undefined;
    }
  }

  #onAssigned(partitions: ReadonlyMap<string, readonly number[]>): void {
    this.#assignment.assign(partitions);
    this.#seekAll();
    this.#healthy();
  }

  /** The first assignment comes before `join` resolves, the later ones after. */
  #seekAll(): void {
    for (const { topic, partition, next } of this.#assignment.begun()) this.#membership?.seek(topic, partition, next);
  }

  /**
   * Takes the batch in pieces. Within it, everything is tried again here, so that the client never sees a fault that is
   * not its own. It is kept in the group by a timer meanwhile.
   */
  async #onBatch(batch: KafkaBatch): Promise<void> {
    const { signal } = this.#stop;
    let lost: unknown;
    const beat = () => batch.heartbeat().catch((error: unknown) => (lost ??= error));
    const timer = setInterval(() => void beat(), HEARTBEAT_MS);
    try {
      let next = await this.#begin(batch);
      if (next === undefined) return;
      const low = this.#assignment.low(batch.topic, batch.partition);
      const left = () => batch.records.filter((record) => record.offset >= next!);
      for (let piece = left(); piece.length > 0; piece = left()) {
        if (signal.aborted || this.#status === 'failed') return;
        if (lost) throw lost as Error;
        const from = next;
        try {
          next = await this.#taking.take(batch, piece, from, low);
        } catch (error) {
          await this.#afterFault(error);
          continue;
        }
        this.#assignment.moved(batch.topic, batch.partition, next);
        this.#healthy();
        // Somebody set the checkpoint back.
        if (next < from) break;
        batch.resolve(next);
        await beat();
      }
      if (lost) throw lost as Error;
      const behind = (batch.records.at(-1)?.offset ?? next - 1n) + 1n;
      if (next !== behind) this.#membership?.seek(batch.topic, batch.partition, next);
    } finally {
      clearInterval(timer);
    }
  }

  /** The offset to begin with; undefined when the batch does not reach back to it, after seeking there. */
  async #begin({ topic, partition, end, fetchedOffset }: KafkaBatch): Promise<bigint | undefined> {
    this.#assignment.sawEnd(topic, partition, end);
    const next = this.#assignment.next(topic, partition) ?? 0n;
    const from = next === 0n ? this.#assignment.low(topic, partition) : next;
    if (fetchedOffset <= from) return from;
    const gap = await this.#assignment.gapBefore(topic, partition, from);
    if (gap) this.#fail(new Error(gap), 'Events are missing from the log');
    else this.#membership?.seek(topic, partition, from);
    return undefined;
  }

  #healthy(): void {
    if (this.#status === 'failed') return;
    if (this.#status === 'retrying') this.#parts.log.info({ follower: this.#follower.name }, 'A follower runs again');
    this.#status = 'running';
    this.#error = undefined;
    this.#outages = 0;
    this.#progress.ring();
  }

  async #afterFault(error: unknown): Promise<void> {
    if (!(error instanceof TakingFault)) return this.#afterOutage(error);
    if (error.final)
      return this.#fail(error, 'A follower has failed and stopped; the event at its offset must be dealt with');
    this.#status = 'retrying';
    this.#error = error.message;
    this.#parts.log.warn(
      { follower: this.#follower.name, nth: error.nth, fault: error.message },
      'A follower fails and tries again',
    );
    this.#progress.ring();
    await this.#parts.sleep(pauseMs(error.nth), this.#stop.signal);
  }

  async #afterOutage(error: unknown): Promise<void> {
    this.#outages += 1;
    this.#status = 'retrying';
    this.#error = kafkaFault(error);
    const detail = { follower: this.#follower.name, nth: this.#outages, fault: this.#error };
    const message = 'A follower waits for Kafka or its database';
    if (this.#outages <= SETTLING_TRIES_MAX && isSettlingFault(this.#error)) this.#parts.log.debug?.(detail, message);
    else this.#parts.log.warn(detail, message);
    this.#progress.ring();
    await this.#parts.sleep(pauseMs(this.#outages), this.#stop.signal);
  }

  #fail(error: Error, message: string): void {
    this.#status = 'failed';
    this.#error = error.message;
    this.#parts.log.error({ follower: this.#follower.name, fault: error.message }, message);
    this.#progress.ring();
    this.#failed.resolve();
  }
}
