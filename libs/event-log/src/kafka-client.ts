import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import type { Admin, Consumer, EachBatchPayload, Kafka, KafkaConfig, Producer, SASLOptions } from 'kafkajs';
import type { EventLogLogger } from './event-log-logger.js';
import { isPassingFault, kafkaFault } from './kafka-faults.js';
import { kafkaHint } from './kafka-hint.js';
import { reporter } from './kafka-report.js';
import { pauseMs } from './pauses.js';

/** Where Kafka is and how to speak to it. Neither the user nor the password is ever logged. */
export interface KafkaAddress {
  /** `host:port` each; the rest of the cluster is learnt from them. */
  brokers: readonly string[];
  /** Shown in the broker's own logs and quotas. */
  clientId: string;
  /** TLS; with `caFile` against a certificate authority of one's own (PEM). */
  ssl?: boolean | { caFile: string };
  sasl?: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string };
}

export interface KafkaMessage {
  topic: string;
  /** Messages of one key keep their order. */
  key: string;
  value: string;
  headers: Record<string, string>;
}

export interface KafkaRecord {
  offset: bigint;
  value: Buffer | null;
  header(name: string): string | undefined;
}

/** What one fetch brought of one partition. */
export interface KafkaBatch {
  topic: string;
  partition: number;
  /** The offset that was asked for; the first record may lie behind it. */
  fetchedOffset: bigint;
  /** The offset behind the partition's last record. */
  end: bigint;
  records: KafkaRecord[];
  /** Rejects when the group is being shared out anew: let go of the batch with that error. */
  heartbeat(): Promise<void>;
  /** Everything before this offset is done with. */
  resolve(next: bigint): void;
}

export interface KafkaGroup {
  groupId: string;
  topics: readonly string[];
  /** Called at each sharing out of partitions, before anything of them is fetched. */
  onAssigned(partitions: ReadonlyMap<string, readonly number[]>): void;
  /** Called for one batch at a time. May reject with what `heartbeat` rejected with, and with nothing else. */
  onBatch(batch: KafkaBatch): Promise<void>;
}

export interface KafkaMembership {
  /** Resolves with the reason when the client has given up; then it must be closed and joined anew. */
  crashed: Promise<Error>;
  /** The next fetch of the partition starts there. */
  seek(topic: string, partition: number, offset: bigint): void;
  /** Leaves the group after the batch in hand. Does not reject. */
  leave(): Promise<void>;
}

export interface PartitionEnds {
  partition: number;
  low: bigint;
  end: bigint;
}

const CONNECT_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 8_000;
const LEAVE_TIMEOUT_MS = 5_000;
const POLL_WAIT_MS = 250;
/** A consumer that dies is missed after this; the broker's least by default. */
const SESSION_TIMEOUT_MS = 6_000;
const REBALANCE_TIMEOUT_MS = 15_000;
const HEARTBEAT_MS = 1_000;
const ENDS_TRIES_MAX = 5;
const FEW_RETRIES = { initialRetryTime: 100, retries: 2, maxRetryTime: 1_000 };

/**
 * The one file that knows the client library, which has had no release since 2023. What it would do by itself after a
 * fault (start over, hand the same sequence numbers to other messages, wait for ever) is turned off here: its callers
 * decide, and they throw away whatever has failed once.
 */
export class KafkaClient {
  readonly #config: KafkaConfig;
  #admin: Admin | undefined;
  #lastAdmin: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    readonly address: KafkaAddress,
    log: EventLogLogger,
  ) {
    const { brokers, clientId, ssl, sasl } = address;
    const report = reporter(log);
    this.#config = {
      brokers: [...brokers],
      clientId,
      ...(ssl ? { ssl: ssl === true ? true : { ca: [certificateOf(ssl.caFile)] } } : {}),
      ...(sasl ? { sasl: sasl as SASLOptions } : {}),
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      retry: FEW_RETRIES,
      logLevel: kafkajs.logLevel.WARN,
      logCreator: () => report,
    };
  }

  /**
   * Runs `work` with the one admin connection, one at a time: after a fault it is closed, and a request that were then
   * under way would open it again, for good. The next call makes a new one.
   */
  admin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const turn = this.#lastAdmin.then(async () => {
      if (this.#closed) throw new Error('The Kafka client is closed');
      try {
        return await work((this.#admin ??= await this.#openAdmin()));
      } catch (error) {
        await this.#closeAdmin();
        throw error;
      }
    });
    this.#lastAdmin = turn.catch(ignore);
    return turn;
  }

  /** Resolves when a broker answered a metadata request. Rejects with what to look at. */
  async ping(): Promise<void> {
    try {
      await this.admin((admin) => admin.describeCluster());
    } catch (error) {
      const hint = kafkaHint(error, this.address);
      throw new Error(`Cannot use Kafka at ${this.address.brokers.join(',')}: ${kafkaFault(error)}. ${hint}`, {
        cause: error,
      });
    }
  }

  /** The first and the last offset of each partition. */
  async ends(topic: string): Promise<PartitionEnds[]> {
    for (let nth = 1; ; nth += 1) {
      try {
        const ends = await this.admin((admin) => admin.fetchTopicOffsets(topic));
        return ends.map(({ partition, low, high }) => ({ partition, low: BigInt(low), end: BigInt(high) }));
      } catch (error) {
        // A partition that has just been made, or changes its leader, is soon known everywhere.
        if (!isPassingFault(error) || nth >= ENDS_TRIES_MAX) throw error;
        await pause(pauseMs(nth));
      }
    }
  }

  /** A connected idempotent producer, to be used by one caller at a time and thrown away after its first fault. */
  async producer(): Promise<Producer> {
    const producer = this.#kafka().producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      retry: FEW_RETRIES,
    });
    try {
      await producer.connect();
    } catch (error) {
      await producer.disconnect().catch(ignore);
      throw error;
    }
    return producer;
  }

  /** Joins a consumer group. Offsets are not kept in Kafka: a partition is read from its beginning unless sought. */
  async join(group: KafkaGroup): Promise<KafkaMembership> {
    const consumer = this.#kafka().consumer({
      groupId: group.groupId,
      sessionTimeout: SESSION_TIMEOUT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: POLL_WAIT_MS,
      allowAutoTopicCreation: false,
      retry: { ...FEW_RETRIES, restartOnFailure: () => Promise.resolve(false) },
    });
    const { promise: crashed, resolve: crash } = Promise.withResolvers<Error>();
    let crashedWith: Error | undefined;
    consumer.on(consumer.events.CRASH, ({ payload }) => crash((crashedWith = payload.error)));
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
      group.onAssigned(new Map(Object.entries(payload.memberAssignment))),
    );
    const membership: KafkaMembership = {
      crashed,
      seek: (topic, partition, offset) => consumer.seek({ topic, partition, offset: offset.toString() }),
      leave: () => leave(consumer),
    };
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...group.topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => group.onBatch(batchOf(payload)),
      });
      // It reports a join that failed as a crash, and as nothing else.
      if (crashedWith) throw crashedWith as Error;
    } catch (error) {
      await membership.leave();
      throw error;
    }
    return membership;
  }

  /** Lets go of the admin connection for good; memberships and producers are closed by their owners. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#lastAdmin;
    await this.#closeAdmin();
  }

  /** A client each: one that is shared also shares what it believes of a group's offsets. */
  #kafka(): Kafka {
    return new kafkajs.Kafka(this.#config);
  }

  async #openAdmin(): Promise<Admin> {
    const admin = this.#kafka().admin();
    try {
      await admin.connect();
    } catch (error) {
      await admin.disconnect().catch(ignore);
      throw error;
    }
    return admin;
  }

  async #closeAdmin(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    await admin?.disconnect().catch(ignore);
  }
}

function certificateOf(caFile: string): string {
  try {
    return readFileSync(caFile, 'utf8');
  } catch (error) {
    throw new Error(`KAFKA_CA_FILE: cannot read ${caFile} (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    });
  }
}

function batchOf({ batch, heartbeat, resolveOffset }: EachBatchPayload): KafkaBatch {
  // The library's type leaves out what it has: the offset that was asked for.
  const { fetchedOffset } = batch as typeof batch & { fetchedOffset: string };
  return {
    topic: batch.topic,
    partition: batch.partition,
    fetchedOffset: BigInt(fetchedOffset),
    end: BigInt(batch.highWatermark),
    records: batch.messages.map(({ offset, value, headers }) => ({
      offset: BigInt(offset),
      value,
      header: (name) => headers?.[name]?.toString(),
    })),
    heartbeat,
    resolve: (next) => resolveOffset((next - 1n).toString()),
  };
}

async function leave(consumer: Consumer): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, LEAVE_TIMEOUT_MS);
  await Promise.race([consumer.disconnect().catch(ignore), late.promise]);
  clearTimeout(timer);
}

function ignore(): void {}
