import type { LoggedEvent, Topic } from '@tollgate/contracts';
import { isConnectionLoss } from './connection-loss.js';
import type { EventLogLogger } from './event-log-logger.js';
import type { Follower } from './event-log.js';
import type { KafkaBatch, KafkaRecord } from './kafka-client.js';
import { eventOfRecord, PoisonRecord } from './kafka-message.js';
import { isControlTopic } from './kafka-topics.js';
import { checkpointName, lockOffset, moveOffset, partitionName } from './kafka-offsets.js';
import type { SqlSession } from './sql-session.js';

/** A fault of an event or of the follower's own work, as against one of the network or the database. */
export class TakingFault extends Error {
  constructor(
    message: string,
    /** The failed tries of this piece. */
    readonly nth: number,
    /** It is not to be tried again. */
    readonly final: boolean,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

const BATCH_EVENTS = 500;
const RETRIES = 5;
const ERROR_LENGTH_MAX = 500;

type PartitionOf = Pick<KafkaBatch, 'topic' | 'partition'>;

/**
 * Takes the next piece of a partition: reads its records, and handles them together with the checkpoint. After a fault
 * of the handler it goes on one event at a time, so that everything before a bad event takes effect and the bad one is
 * named; then its pieces grow again.
 */
export class KafkaTaking {
  readonly #batchMax: number;
  #batch: number;
  /** Failed tries, and of what. */
  #failures = { at: '', count: 0 };

  constructor(
    private readonly follower: Follower,
    private readonly topics: ReadonlyMap<string, Topic>,
    private readonly skip: ReadonlySet<string>,
    private readonly log: EventLogLogger,
  ) {
    this.#batchMax = follower.batchEventsMax ?? BATCH_EVENTS;
    this.#batch = this.#batchMax;
  }

  /**
   * Gives the offset that is committed now: behind the piece, or wherever somebody else has moved it. Throws a
   * `TakingFault` for what lies in the events or the handler, and anything else for what passes. `low` is where the
   * partition begins: a checkpoint of zero stands for it.
   */
  async take(source: PartitionOf, left: readonly KafkaRecord[], from: bigint, low: bigint): Promise<bigint> {
    const partition = partitionName(source.topic, source.partition);
    const { events, to } = this.#read(source.topic, partition, left.slice(0, this.#batch));
    const { checkpoint, name } = this.follower;
    let begun = false;
    const handle = async (transaction: SqlSession | undefined) => {
      begun = true;
      if (events.length > 0) await this.follower.handle(events, transaction);
    };
    try {
      let at = to;
      if (checkpoint) {
        at = await checkpoint.inTransaction(async (transaction) => {
          const locked = await lockOffset(transaction, checkpoint.table, name, partition);
          if (locked !== from && !(locked === 0n && from === low)) return locked;
          await handle(transaction);
          await moveOffset(transaction, checkpoint.table, name, partition, to);
          return to;
        });
      } else {
        await handle(undefined);
      }
      this.#failures = { at: '', count: 0 };
      this.#batch = Math.min(this.#batch * 2, this.#batchMax);
      return at;
    } catch (error) {
      if (!begun || isConnectionLoss(error)) throw error;
      throw this.#faultOf(this.topics.get(source.topic) as Topic, `${partition}/${from}`, events[0]?.position, error);
    }
  }

  /** The events up to a record that cannot be read; throws when that is the first one. */
  #read(topic: string, partition: string, records: readonly KafkaRecord[]): { events: LoggedEvent[]; to: bigint } {
    const events: LoggedEvent[] = [];
    let to = records[0]?.offset ?? 0n;
    const plain = this.topics.get(topic) as Topic;
    for (const record of records) {
      try {
        if (!this.#isSkipped(partition, record.offset)) events.push(eventOfRecord(record, plain));
      } catch (error) {
        if (to > (records[0]?.offset ?? 0n)) break;
        throw this.#poison(`${partition}/${record.offset}`, error as PoisonRecord);
      }
      to = record.offset + 1n;
    }
    return { events, to };
  }

  #isSkipped(partition: string, offset: bigint): boolean {
    const record = `${checkpointName(this.follower.name, partition)}/${offset}`;
    if (!this.skip.has(record)) return false;
    this.log.warn({ record }, 'A record is passed over, as it was asked for');
    return true;
  }

  #poison(record: string, error: PoisonRecord): TakingFault {
    const { name } = this.follower;
    const message = `Follower ${name} stopped at ${record}: ${error.message.slice(0, ERROR_LENGTH_MAX)}${wayOn(name, record)}`;
    return new TakingFault(message, 1, true, error);
  }

  #faultOf(topic: Topic, record: string, position: bigint | undefined, error: unknown): TakingFault {
    const count = (this.#failures.at === record ? this.#failures.count : 0) + 1;
    this.#failures = { at: record, count };
    this.#batch = 1;
    const { name, retriesMax = RETRIES } = this.follower;
    const fault = (error instanceof Error ? error.message || error.name : String(error)).slice(0, ERROR_LENGTH_MAX);
    const where = isControlTopic(topic) ? `at ${record}, position ${position}` : `at ${record}`;
    const final = count > retriesMax;
    const message = final
      ? `Follower ${name} stopped ${where} after ${count} tries: ${fault}${wayOn(name, record)}`
      : `Follower ${name} fails ${where}: ${fault}`;
    return new TakingFault(message, count, final, error);
  }
}

function wayOn(follower: string, record: string): string {
  return `. To pass over this one record: KAFKA_SKIP=${follower}@${record}`;
}
