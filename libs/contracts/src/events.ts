import { z } from 'zod';
import { CONTROL_EVENTS } from './events-control.js';
import { USAGE_EVENTS } from './events-usage.js';
import type { Topic } from './topics.js';

/** All facts of the platform by type. New fields are optional; a break is a new type. */
export const EVENTS = { ...CONTROL_EVENTS, ...USAGE_EVENTS } as const;

export type EventType = keyof typeof EVENTS;
export type EventData<T extends EventType> = z.infer<(typeof EVENTS)[T]['data']>;

/** A fact as its producer hands it to the log; the log adds the position. */
export type NewEvent<T extends EventType = EventType> = T extends EventType
  ? {
      /** Unique for ever; every effect is unique by it. */
      id: string;
      type: T;
      /** CloudEvents `source`: the service that owns the fact, e.g. `/tollgate/keys`. */
      source: string;
      /** The aggregate's id; events of one subject keep their order. */
      subject: string;
      /** ISO 8601 with milliseconds. */
      time: string;
      data: EventData<T>;
    }
  : never;

/** A fact in the log. `position` grows along the log; two positions compare only within one source. */
export type LoggedEvent<T extends EventType = EventType> = NewEvent<T> & { position: bigint };

/** The topic of a type. */
export function topicOf(type: EventType): Topic {
  return EVENTS[type].topic;
}

/** CloudEvents 1.0 in JSON: what consumers read from Kafka and what the embedded log stores. */
export const cloudEventSchema = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1).max(200),
  source: z.string().startsWith('/tollgate/'),
  type: z.string(),
  subject: z.string().min(1).max(300),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
  data: z.unknown(),
});
export type CloudEvent = z.infer<typeof cloudEventSchema>;

export function toCloudEvent(event: NewEvent): CloudEvent {
  return {
    specversion: '1.0',
    id: event.id,
    source: event.source,
    type: event.type,
    subject: event.subject,
    time: event.time,
    datacontenttype: 'application/json',
    data: event.data,
  };
}

/** Reads an envelope back. Throws a ZodError naming the place when the envelope or the data of a known type is wrong. */
export function fromCloudEvent(envelope: unknown, position: bigint): LoggedEvent {
  const { id, source, type, subject, time, data } = cloudEventSchema.parse(envelope);
  const known = EVENTS[type as EventType];
  if (!known) throw new Error(`Event ${id} has the unknown type ${type}`);
  return { id, source, type, subject, time, data: known.data.parse(data), position } as LoggedEvent;
}
