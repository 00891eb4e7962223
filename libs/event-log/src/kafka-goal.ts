import type { KafkaAssignment } from './kafka-assignment.js';
import type { Outbox } from './kafka-outbox.js';

const COMMITTED_EVERY_MS = 50;

/**
 * What was in the log when the question was asked: the facts of the outbox that are on their way, and then the ends of
 * the partitions. It is looked up in the background, so that whoever waits for it can give up in time.
 */
export class KafkaGoal {
  #outbox: bigint | undefined;
  #passedOn = false;
  #ends: ReadonlyMap<string, bigint> | undefined;
  #looking = false;
  #committedAt = 0;

  constructor(
    private readonly assignment: KafkaAssignment,
    private readonly outbox: Outbox,
    private readonly outboxHead: () => Promise<bigint>,
  ) {}

  get reached(): boolean {
    return this.#ends !== undefined && this.assignment.missing(this.#ends).length === 0;
  }

  get where(): string {
    if (this.#ends) return `behind: ${this.assignment.missing(this.#ends).join(', ')}`;
    return this.#outbox === undefined
      ? 'behind an unknown end'
      : `waiting for the relay to pass on position ${this.#outbox}`;
  }

  /** Looks further unless it is looking. Faults are left to the next look: the follower itself tells them. */
  look(): void {
    if (this.#looking || this.reached) return;
    this.#looking = true;
    void this.#look()
      .catch(() => undefined)
      .finally(() => (this.#looking = false));
  }

  async #look(): Promise<void> {
    this.#outbox ??= await this.outboxHead();
    this.#passedOn ||= (await this.outbox.passedOn()) >= this.#outbox;
    if (!this.#passedOn) return;
    this.#ends ??= await this.assignment.readEnds();
    if (performance.now() - this.#committedAt < COMMITTED_EVERY_MS) return;
    await this.assignment.readCommitted();
    this.#committedAt = performance.now();
  }
}
