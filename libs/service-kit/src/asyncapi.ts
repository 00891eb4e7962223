import { cloudEventSchema, EVENTS, type EventType, TOPICS, type Topic } from '@tollgate/contracts';
import { topicShape } from '@tollgate/event-log';
import { z } from 'zod';
import { EVENT_SUMMARIES } from './event-summaries.js';

export type Json = { [name: string]: unknown };

/** The types of a topic, in the order in which they are declared. */
export function eventTypesOf(topic: Topic): EventType[] {
  return (Object.keys(EVENTS) as EventType[]).filter((type) => EVENTS[type].topic === topic);
}

/**
 * An event's data as JSON Schema (draft 7, which AsyncAPI takes). Nothing is said of members that it does not name: a
 * newer producer may add some, and a consumer is to ignore them.
 */
export function eventJsonSchema(type: EventType): Json {
  return jsonSchemaOf(EVENTS[type].data);
}

function jsonSchemaOf(schema: z.ZodType): Json {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }) as Json;
  return rest;
}

/** AsyncAPI 3.0 of every fact that consumers may read, from the schemas that each event is checked with. */
export function asyncApiOf(topicPrefix: string): Json {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tollgate events',
      version: '0.1.0',
      description:
        'Every fact of the platform as a CloudEvent 1.0 in JSON, on Kafka. At least once: effects must be unique by the ' +
        'event id. In order for each message key. New members are optional, a break is a new type. No event holds a secret.',
    },
    defaultContentType: 'application/cloudevents+json',
    servers: {
      kafka: {
        host: '{brokers}',
        protocol: 'kafka',
        variables: { brokers: { description: 'host:port, as KAFKA_BROKERS has it' } },
      },
    },
    channels: Object.fromEntries(TOPICS.map((topic) => [topic, channelOf(topic, topicPrefix)])),
    operations: Object.fromEntries(TOPICS.map((topic) => [`send-${topic}`, operationOf(topic)])),
    components: {
      messages: Object.fromEntries((Object.keys(EVENTS) as EventType[]).map((type) => [type, messageOf(type)])),
    },
  };
}

function channelOf(topic: Topic, prefix: string): Json {
  const { partitions, key } = topicShape(topic);
  return {
    address: `${prefix}${topic}`,
    description: `Kept for ever. In order by ${key}.`,
    messages: Object.fromEntries(eventTypesOf(topic).map((type) => [type, { $ref: `#/components/messages/${type}` }])),
    bindings: {
      kafka: {
        topic: `${prefix}${topic}`,
        partitions,
        topicConfiguration: { 'cleanup.policy': ['delete'], 'retention.ms': -1, 'retention.bytes': -1 },
        bindingVersion: '0.5.0',
      },
    },
  };
}

function operationOf(topic: Topic): Json {
  return {
    action: 'send',
    summary: `Facts of ${topic}`,
    channel: { $ref: `#/channels/${topic}` },
    messages: eventTypesOf(topic).map((type) => ({ $ref: `#/channels/${topic}/messages/${type}` })),
  };
}

function messageOf(type: EventType): Json {
  const envelope = jsonSchemaOf(cloudEventSchema) as { properties: Json };
  const { isControl, key } = topicShape(EVENTS[type].topic);
  return {
    name: type,
    title: type,
    summary: EVENT_SUMMARIES[type],
    contentType: 'application/cloudevents+json; charset=UTF-8',
    ...(isControl && {
      headers: {
        type: 'object',
        required: ['position'],
        properties: {
          position: {
            type: 'string',
            pattern: '^[1-9][0-9]*$',
            description: 'Grows along all facts of the control plane: an older one never overwrites a newer one.',
          },
        },
      },
    }),
    payload: {
      ...envelope,
      properties: { ...envelope.properties, type: { const: type }, data: eventJsonSchema(type) },
    },
    bindings: { kafka: { key: { type: 'string', description: key }, bindingVersion: '0.5.0' } },
  };
}
