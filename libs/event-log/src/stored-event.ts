import { cloudEventSchema, EVENTS, fromCloudEvent, toCloudEvent, topicOf } from '@tollgate/contracts';
import type { LoggedEvent, NewEvent, Topic } from '@tollgate/contracts';
import type { WrittenEvent } from './event-log.js';

/** An event as a body stores it. `text` is the CloudEvents envelope, kept to the byte. */
export interface StoredEvent {
  id: string;
  topic: Topic;
  subject: string;
  type: string;
  text: string;
}

/** A stored event as it is read back, before it is parsed: a follower that cannot parse it must name its position. */
export interface StoredFact {
  position: bigint;
  text: string;
}

/**
 * The event with its data as the schema has it: a field the schema does not know (a secret, say) does not enter the
 * log. The error names the place and never the value.
 */
export function checkedEvent(event: NewEvent): NewEvent {
  const known = EVENTS[event.type];
  if (!known) throw new Error(`Event ${event.id} has the unknown type ${String(event.type)}`);
  const data = known.data.safeParse(event.data);
  if (!data.success) throw new Error(`Event ${event.id} does not fit ${event.type}: ${faultsOf(data.error)}`);
  const envelope = cloudEventSchema.safeParse(toCloudEvent(event));
  if (!envelope.success) throw new Error(`Event ${event.id} has a bad envelope: ${faultsOf(envelope.error)}`);
  return { ...event, data: data.data } as NewEvent;
}

/**
 * The cheap check of the data plane, where thousands of events a second were built under the type checker: only what
 * the log itself relies on. Whoever reads an event still checks all of it.
 */
export function assertEnvelope(event: NewEvent | WrittenEvent): void {
  const { id, type, subject } = event;
  const rest =
    'text' in event
      ? event.text.startsWith('{"specversion":"1.0"') && !event.text.includes(TEXT_SEPARATOR)
      : event.source.startsWith('/tollgate/') && isText(event.time, 40);
  const fits = isText(id, 200) && isText(subject, 300) && type in EVENTS && rest;
  if (!fits) throw new Error(`Event ${String(id)} of type ${String(type)} has a bad envelope`);
}

/** No JSON text holds it: a control character is always escaped there. So texts joined by it come apart again. */
export const TEXT_SEPARATOR = '\u0001';

export function storedEvent(event: NewEvent | WrittenEvent): StoredEvent {
  const { id, subject, type } = event;
  if ('text' in event) return { id, topic: topicOf(type), subject, type, text: event.text };
  return { id, topic: topicOf(type), subject, type, text: JSON.stringify(toCloudEvent(event)) };
}

export function loggedEvent(fact: StoredFact): LoggedEvent {
  return fromCloudEvent(JSON.parse(fact.text), fact.position);
}

function isText(value: unknown, lengthMax: number): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= lengthMax;
}

function faultsOf(error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): string {
  return error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`).join('; ');
}
