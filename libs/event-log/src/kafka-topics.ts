import { setTimeout as pause } from 'node:timers/promises';
import { CONTROL_TOPICS, TOPICS } from '@tollgate/contracts';
import type { Topic } from '@tollgate/contracts';
import type { EventLogLogger } from './event-log-logger.js';
import { kafkaFault } from './kafka-faults.js';
import type { KafkaClient } from './kafka-client.js';
import type { StoredEvent } from './stored-event.js';

export const TOPIC_PREFIX = 'tollgate.';

/**
 * Partitions are for life: a key moves when their number changes, and its order with it.
 *
 * A control topic has one. Appends are one at a time anyway (docs/decisions/0002-one-append-at-a-time.md), far below what one partition carries, and
 * so every follower has each control topic as one line. `usage` and `runs` have six, which is how many processes can
 * share the work of one follower.
 */
const PARTITIONS: Record<Topic, number> = {
  users: 1,
  workspaces: 1,
  keys: 1,
  workflows: 1,
  prices: 1,
  activity: 1,
  usage: 6,
  runs: 6,
};

/** What a topic's records go by and into how many partitions, for whoever describes it. */
export function topicShape(topic: Topic): { partitions: number; key: string; isControl: boolean } {
  const keys: Partial<Record<Topic, string>> = { usage: 'data.payerUserId', runs: 'data.workspaceId' };
  return { partitions: PARTITIONS[topic], key: keys[topic] ?? 'subject', isControl: isControlTopic(topic) };
}

/** A run carries its input and output, and JSON can be several times what it escapes. */
const RUN_BYTES_MAX = 32 * 1024 * 1024;

/** Facts are a history, so nothing is compacted away; and they are kept for ever, so that everything can be rebuilt. */
const KEPT_FOR_EVER = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' };

const CONFIG_OF_TOPIC = 2;
const MADE_TIMEOUT_MS = 10_000;
const MADE_POLL_MS = 50;
/** The broker's own default. */
const DEFAULT_REPLICATION = -1;

export interface TopicOptions {
  /** Default `tollgate.`. */
  topicPrefix?: string;
  /** Copies of each partition when topics are made; default: what the broker has as its default. */
  replicationFactor?: number;
}

export function kafkaTopic(topic: Topic, prefix = TOPIC_PREFIX): string {
  return prefix + topic;
}

export function isControlTopic(topic: Topic): boolean {
  return (CONTROL_TOPICS as readonly Topic[]).includes(topic);
}

/** The field of the event's data that decides, where it is not the subject. */
const KEY_FIELDS: Partial<Record<Topic, RegExp>> = {
  usage: /"payerUserId":("(?:[^"\\]|\\.)*")/,
  runs: /"workspaceId":("(?:[^"\\]|\\.)*")/,
};

/**
 * What keeps its order together. A bill is one payer's, so `usage` goes by payer: its totals are then made in one line
 * by one process, and two processes never wait for the same payer's row. `runs` goes by workspace for the same reason.
 * Everything else goes by its subject. A run has one event of each, so order per subject holds too.
 *
 * The field is looked for in the text, which need not be parsed for it: within a JSON string its quotes would be
 * escaped. A run's input may have a field of that name before it; that run then goes elsewhere, to no harm.
 */
export function partitionKey({ topic, subject, text }: Pick<StoredEvent, 'topic' | 'subject' | 'text'>): string {
  const found = KEY_FIELDS[topic]?.exec(text)?.[1];
  return found === undefined ? subject : (JSON.parse(found) as string);
}

/**
 * Makes the topics that are missing and checks the others. Safe to repeat and from several processes at once. Rejects
 * with what is wrong and how to mend it: Kafka cannot be reached, a topic has too few partitions, or forgets.
 */
export async function migrateKafka(
  client: KafkaClient,
  { topicPrefix = TOPIC_PREFIX, replicationFactor = DEFAULT_REPLICATION }: TopicOptions,
  log: EventLogLogger,
): Promise<void> {
  await client.ping();
  await client.admin(async (admin) => {
    const there = new Set(await admin.listTopics());
    const missing = TOPICS.filter((topic) => !there.has(kafkaTopic(topic, topicPrefix)));
    if (missing.length === 0) return;
    // Whoever else makes them at the same time makes the same ones.
    await admin.createTopics({
      waitForLeaders: false,
      topics: missing.map((topic) => ({
        topic: kafkaTopic(topic, topicPrefix),
        numPartitions: PARTITIONS[topic],
        replicationFactor,
        configEntries: Object.entries(settingsOf(topic)).map(([name, value]) => ({ name, value })),
      })),
    });
    log.info({ topics: missing }, 'Topics were made in Kafka');
  });
  const made = await madeTopics(client, topicPrefix);
  const faults = [...made.values()].flatMap((topic) => faultsOf(topic, log));
  if (faults.length === 0) return;
  throw new Error(
    `Kafka at ${client.address.brokers.join(',')} does not fit: ${faults.join('; ')}. Correct settings with ` +
      'kafka-configs.sh --alter; an empty topic can be made anew, or given partitions, with kafka-topics.sh',
  );
}

interface MadeTopic {
  topic: Topic;
  name: string;
  partitions: number;
  settings: ReadonlyMap<string, string>;
}

/** What the brokers say of our topics, as soon as all have heard of them and each partition has a leader. */
async function madeTopics(client: KafkaClient, prefix: string): Promise<Map<string, MadeTopic>> {
  const names = TOPICS.map((topic) => kafkaTopic(topic, prefix));
  const deadline = performance.now() + MADE_TIMEOUT_MS;
  for (;;) {
    try {
      return await client.admin(async (admin) => {
        const { topics } = await admin.fetchTopicMetadata({ topics: names });
        const resources = names.map((name) => ({ type: CONFIG_OF_TOPIC, name }));
        const described = await admin.describeConfigs({ includeSynonyms: false, resources });
        const made = new Map<string, MadeTopic>();
        for (const topic of TOPICS) {
          const name = kafkaTopic(topic, prefix);
          const partitions = topics.find((each) => each.name === name)?.partitions ?? [];
          if (partitions.length === 0 || partitions.some(({ leader }) => leader < 0)) {
            throw new Error(`Topic ${name} has no leader`);
          }
          const entries = described.resources.find((each) => each.resourceName === name)?.configEntries ?? [];
          const settings = new Map(entries.map((entry) => [entry.configName, entry.configValue]));
          made.set(name, { topic, name, partitions: partitions.length, settings });
        }
        return made;
      });
    } catch (error) {
      if (performance.now() >= deadline) {
        const where = client.address.brokers.join(',');
        throw new Error(`Kafka at ${where} does not bring up our topics: ${kafkaFault(error)}`, { cause: error });
      }
      await pause(MADE_POLL_MS);
    }
  }
}

function faultsOf({ topic, name, partitions, settings }: MadeTopic, log: EventLogLogger): string[] {
  const faults: string[] = [];
  if (partitions < PARTITIONS[topic]) {
    faults.push(`topic ${name} has too few partitions (${partitions}; it needs ${PARTITIONS[topic]})`);
  }
  for (const [setting, wanted] of Object.entries(settingsOf(topic))) {
    const value = settings.get(setting) ?? wanted;
    if (fits(setting, value, wanted)) continue;
    if (setting.startsWith('retention') && !isControlTopic(topic)) {
      log.warn({ topic: name, setting, value }, 'A data topic forgets: older bills cannot be rebuilt from it');
    } else {
      faults.push(`topic ${name} has ${setting}=${value}, not ${wanted}`);
    }
  }
  return faults;
}

function settingsOf(topic: Topic): Record<string, string> {
  return { ...KEPT_FOR_EVER, ...(topic === 'runs' ? { 'max.message.bytes': `${RUN_BYTES_MAX}` } : {}) };
}

function fits(setting: string, value: string, wanted: string): boolean {
  return setting === 'max.message.bytes' ? Number(value) >= Number(wanted) : value === wanted;
}
