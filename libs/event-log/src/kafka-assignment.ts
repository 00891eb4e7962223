import type { Follower } from './event-log.js';
import type { KafkaClient } from './kafka-client.js';
import { nextOffsets, partitionName } from './kafka-offsets.js';

/**
 * How far a follower is in each partition of its topics, and where each ends. With a checkpoint it knows of the
 * partitions that other processes have too, from its table; what it has in hand itself it knows at once.
 */
export class KafkaAssignment {
  /** The next offsets, by `topic/partition`. */
  readonly #next = new Map<string, bigint>();
  readonly #ends = new Map<string, bigint>();
  readonly #lows = new Map<string, bigint>();
  #assigned = new Map<string, readonly number[]>();

  constructor(
    private readonly follower: Follower,
    private readonly client: KafkaClient,
    readonly topics: readonly string[],
  ) {}

  /** Records whose effects are committed, over all partitions. */
  get done(): bigint {
    return sum(this.#next);
  }

  /** Records that are known to be there, over all partitions. */
  get end(): bigint {
    return sum(this.#ends);
  }

  assign(partitions: ReadonlyMap<string, readonly number[]>): void {
    this.#assigned = new Map(partitions);
  }

  next(topic: string, partition: number): bigint | undefined {
    return this.#next.get(partitionName(topic, partition));
  }

  /** Where the partition begins: 0n unless somebody deleted records. */
  low(topic: string, partition: number): bigint {
    return this.#lows.get(partitionName(topic, partition)) ?? 0n;
  }

  moved(topic: string, partition: number, next: bigint): void {
    this.#next.set(partitionName(topic, partition), next);
  }

  sawEnd(topic: string, partition: number, end: bigint): void {
    this.#ends.set(partitionName(topic, partition), end);
  }

  /** The assigned partitions that are begun. */
  *begun(): Generator<{ topic: string; partition: number; next: bigint }> {
    for (const [topic, partitions] of this.#assigned) {
      for (const partition of partitions) {
        const next = this.next(topic, partition);
        if (next !== undefined && next > 0n) yield { topic, partition, next };
      }
    }
  }

  /** Reads what is committed and where the partitions end. */
  async refresh(): Promise<void> {
    await this.readCommitted();
    await this.readEnds();
  }

  /** What is committed by whichever process; nothing to read without a checkpoint. */
  async readCommitted(): Promise<void> {
    const { checkpoint, name } = this.follower;
    if (!checkpoint) return;
    for (const [partition, next] of await nextOffsets(checkpoint, name)) {
      if (next > (this.#next.get(partition) ?? -1n)) this.#next.set(partition, next);
    }
  }

  /** Where each partition ends now. */
  async readEnds(): Promise<ReadonlyMap<string, bigint>> {
    const ends = new Map<string, bigint>();
    for (const topic of this.topics) {
      for (const { partition, low, end } of await this.client.ends(topic)) {
        ends.set(partitionName(topic, partition), end);
        this.#lows.set(partitionName(topic, partition), low);
      }
    }
    for (const [partition, end] of ends) this.#ends.set(partition, end);
    return ends;
  }

  /** What stands between here and the goal; empty when it is reached. */
  missing(goal: ReadonlyMap<string, bigint>): string[] {
    return [...goal]
      .filter(([partition, end]) => end > (this.#lows.get(partition) ?? 0n) && (this.#next.get(partition) ?? 0n) < end)
      .map(([partition, end]) => `${partition} at ${this.#next.get(partition) ?? 0n} of ${end}`);
  }

  /** Why no batch will ever reach back to this offset, if that is so. */
  async gapBefore(topic: string, partition: number, next: bigint): Promise<string | undefined> {
    const found = (await this.client.ends(topic)).find((each) => each.partition === partition);
    if (!found || (found.low <= next && next <= found.end)) return undefined;
    const where = `Follower ${this.follower.name} is at ${partitionName(topic, partition)}/${next}`;
    return next < found.low
      ? `${where}, and the log begins at ${found.low}: events that it has not seen were deleted`
      : `${where}, and the log ends at ${found.end}: was the topic made anew, or its end lost?`;
  }
}

function sum(offsets: ReadonlyMap<string, bigint>): bigint {
  let total = 0n;
  for (const offset of offsets.values()) total += offset;
  return total;
}
