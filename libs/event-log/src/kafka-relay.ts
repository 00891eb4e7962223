import { randomUUID } from 'node:crypto';
import { TOPICS } from '@tollgate/contracts';
import { Bell } from './bell.js';
import type { EventLogLogger } from './event-log-logger.js';
import type { FollowerState, Following } from './event-log.js';
import { kafkaFault } from './kafka-faults.js';
import { messageOf } from './kafka-message.js';
import type { Outbox } from './kafka-outbox.js';
import type { KafkaSender } from './kafka-sender.js';
import type { LogListener } from './log-listener.js';
import { pauseMs } from './pauses.js';
import type { Sleep } from './pauses.js';

export interface KafkaRelayParts {
  outbox: Outbox;
  /** The newest position of the outbox. */
  head(): Promise<bigint>;
  sender: Pick<KafkaSender, 'send'>;
  listener: LogListener;
  topicPrefix: string;
  log: EventLogLogger;
  sleep: Sleep;
  /** How long a relay that has fallen silent is waited for. Default 3,000. */
  leaseMs?: number;
  pollMs: number;
}

const LEASE_MS = 3_000;
const BATCH_FACTS = 500;

/**
 * Passes committed facts on to Kafka, in the order of their commits. Any number of processes run one; the holder of
 * the lease works, the others stand by and take over within `leaseMs` of its death (at once after an orderly stop).
 *
 * Promised: no fact is left out, and the first time each is seen is in order. A fact may be seen again, also late,
 * behind newer ones; a follower's effects are unique by event id or position, so it is not taken for a new one.
 *
 * It holds because whoever sends a fact knows that all before it are in Kafka: the checkpoint from which it read moves
 * only after the acknowledgement (and only for the holder, from where it was), and its own requests wait for one
 * another. So a request of a relay that died, that slept past its lease in the middle of a publish, or whose connection
 * was given up can only repeat, however late it arrives. The lease just saves repeating: fencing the old producer (a
 * transactional id) would keep off none of those that come from before the takeover.
 */
export class KafkaRelay implements Following {
  readonly #parts: KafkaRelayParts;
  readonly #holder = randomUUID();
  readonly #stop = new AbortController();
  readonly #bell = new Bell();
  readonly #progress = new Bell();
  readonly #leaseMs: number;
  readonly #ended: Promise<void>;
  #status: FollowerState['status'] = 'starting';
  #error: string | undefined;
  #position = 0n;
  #head = 0n;
  /** On the monotonic clock, from before the lease was asked for. */
  #leasedUntil = 0;
  #failures = 0;

  constructor(parts: KafkaRelayParts) {
    this.#parts = parts;
    this.#leaseMs = parts.leaseMs ?? LEASE_MS;
    parts.listener.add(this.#bell, TOPICS);
    this.#ended = this.#run();
  }

  /** `running` both for the relay that works and for one that stands by. */
  state(): FollowerState {
    return {
      name: 'kafka-relay',
      status: this.#status,
      position: this.#position,
      head: this.#head,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  /** Whether it is the one that works. */
  get active(): boolean {
    return this.#leasedUntil > performance.now();
  }

  async caughtUp(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    const goal = await this.#parts.head();
    for (;;) {
      const seen = this.#progress.rings;
      if ((await this.#parts.outbox.passedOn()) >= goal) return;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || this.#stop.signal.aborted) {
        throw new Error(`The relay is at ${this.#position} of ${goal} after ${timeoutMs} ms (${this.#status})`);
      }
      await this.#progress.heard(seen, Math.min(leftMs, this.#parts.pollMs));
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { outbox, log, listener } = this.#parts;
    while (!signal.aborted) {
      try {
        await this.#step(signal);
        if (this.#status === 'retrying') log.info({ position: `${this.#position}` }, 'The relay runs again');
        this.#status = 'running';
        this.#error = undefined;
        this.#failures = 0;
      } catch (error) {
        this.#status = 'retrying';
        this.#failures += 1;
        this.#error = `The relay fails behind position ${this.#position}: ${kafkaFault(error)}`;
        log.warn({ nth: this.#failures, fault: this.#error }, 'The relay to Kafka fails and tries again');
        await this.#parts.sleep(pauseMs(this.#failures), signal);
      }
      this.#progress.ring();
    }
    this.#status = 'stopped';
    this.#leasedUntil = 0;
    this.#progress.ring();
    await outbox.release(this.#holder).catch(() => undefined);
    await listener.remove(this.#bell);
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { outbox, sender, pollMs, topicPrefix } = this.#parts;
    const seen = this.#bell.rings;
    if (!(await this.#holdsLease())) {
      this.#head = await this.#parts.head();
      // Not woken by news: those are the holder's.
      await new Bell().heard(0, this.#leaseMs / 3, signal);
      return;
    }
    const facts = await outbox.read(this.#position, BATCH_FACTS);
    const last = facts.at(-1);
    if (!last) {
      if (this.#position > this.#head) this.#head = this.#position;
      await this.#bell.heard(seen, Math.min(pollMs, this.#leaseMs / 3), signal);
      return;
    }
    this.#head = facts.length < BATCH_FACTS ? last.position : await this.#parts.head();
    await sender.send(facts.map((fact) => messageOf(fact, topicPrefix)));
    if (await outbox.moveOn(this.#holder, this.#position, last.position)) this.#position = last.position;
    else this.#leasedUntil = 0;
  }

  /** Asks again when a third of the lease is over, so that a slow database does not cost it. */
  async #holdsLease(): Promise<boolean> {
    const now = performance.now();
    if (this.#leasedUntil - now > (this.#leaseMs * 2) / 3) return true;
    const { held, position } = await this.#parts.outbox.lease(this.#holder, this.#leaseMs);
    this.#leasedUntil = held ? now + this.#leaseMs : 0;
    this.#position = position;
    return held;
  }
}
