import { randomUUID } from 'node:crypto';
import { TOPICS } from '@tollgate/contracts';
import type { LoggedEvent, Topic } from '@tollgate/contracts';
import type { EventLogLogger } from './event-log-logger.js';
import { KafkaClient } from './kafka-client.js';
import type { KafkaAddress, KafkaMembership } from './kafka-client.js';
import { eventOfRecord } from './kafka-message.js';
import { partitionName } from './kafka-offsets.js';
import { kafkaTopic, TOPIC_PREFIX } from './kafka-topics.js';

export interface KafkaTail extends KafkaAddress {
  topicPrefix?: string;
  topics: readonly Topic[];
  /** From the beginning, instead of from now on. */
  fromBeginning: boolean;
  log: EventLogLogger;
  onEvent(event: LoggedEvent): void;
}

/** Shows what comes, to nobody's account: nothing is kept of how far it was. Gives how to end it. */
export async function tailKafka(options: KafkaTail): Promise<() => Promise<void>> {
  const client = new KafkaClient(options, options.log);
  try {
    const membership = await follow(client, options);
    return async () => {
      await membership.leave();
      await client.close();
    };
  } catch (error) {
    // A connection that is left open would keep the process alive.
    await client.close();
    throw error;
  }
}

async function follow(
  client: KafkaClient,
  { topicPrefix = TOPIC_PREFIX, topics, fromBeginning, onEvent }: KafkaTail,
): Promise<KafkaMembership> {
  const names = new Map(
    TOPICS.filter((topic) => topics.includes(topic)).map((topic) => [kafkaTopic(topic, topicPrefix), topic]),
  );
  const begin = new Map<string, { topic: string; partition: number; offset: bigint }>();
  await client.ping();
  for (const topic of fromBeginning ? [] : names.keys()) {
    for (const { partition, end } of await client.ends(topic)) {
      begin.set(partitionName(topic, partition), { topic, partition, offset: end });
    }
  }
  const membership = await client.join({
    groupId: `${topicPrefix}tail.${randomUUID()}`,
    topics: [...names.keys()],
    onAssigned: () => undefined,
    onBatch: (batch) => {
      const from = begin.get(partitionName(batch.topic, batch.partition))?.offset ?? 0n;
      for (const record of batch.records) {
        if (record.offset >= from) onEvent(eventOfRecord(record, names.get(batch.topic) as Topic));
      }
      batch.resolve((batch.records.at(-1)?.offset ?? batch.fetchedOffset - 1n) + 1n);
      return Promise.resolve();
    },
  });
  for (const { topic, partition, offset } of begin.values()) membership.seek(topic, partition, offset);
  return membership;
}
