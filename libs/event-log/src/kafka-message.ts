import { topicOf } from '@tollgate/contracts';
import type { LoggedEvent, Topic } from '@tollgate/contracts';
import type { KafkaMessage, KafkaRecord } from './kafka-client.js';
import { isControlTopic, kafkaTopic, partitionKey } from './kafka-topics.js';
import { loggedEvent } from './stored-event.js';
import type { StoredEvent } from './stored-event.js';

/** CloudEvents over Kafka, structured mode: the value is the whole envelope. */
const CONTENT_TYPE = 'application/cloudevents+json; charset=UTF-8';
/** The position that a control-plane event was given in its transaction. */
const POSITION_HEADER = 'position';

/** A record that cannot be read as an event of this platform. */
export class PoisonRecord extends Error {}

type Outgoing = Pick<StoredEvent, 'topic' | 'subject' | 'text'> & { position?: bigint };

/** An event on its way. A fact of the outbox brings its position; otherwise it follows from the offset. */
export function messageOf(event: Outgoing, prefix: string): KafkaMessage {
  const { topic, text, position } = event;
  return {
    topic: kafkaTopic(topic, prefix),
    key: partitionKey(event),
    value: text,
    headers: {
      'content-type': CONTENT_TYPE,
      ...(position === undefined ? {} : { [POSITION_HEADER]: position.toString() }),
    },
  };
}

/**
 * Reads a record back. The position of a control-plane event is the one its append was given, in both modes of the
 * log; that of a data-plane event is its offset and one (0n is before any), which compares only among events of one
 * partition key.
 */
export function eventOfRecord(record: KafkaRecord, topic: Topic): LoggedEvent {
  let event: LoggedEvent;
  try {
    if (!record.value) throw new Error('it is empty');
    event = loggedEvent({ text: record.value.toString('utf8'), position: positionOf(record, topic) });
  } catch (error) {
    throw new PoisonRecord(`It cannot be read as an event: ${(error as Error).message}`, { cause: error });
  }
  if (topicOf(event.type) !== topic) throw new PoisonRecord(`A ${event.type} does not belong there`);
  return event;
}

function positionOf(record: KafkaRecord, topic: Topic): bigint {
  if (!isControlTopic(topic)) return record.offset + 1n;
  const text = record.header(POSITION_HEADER) ?? '';
  if (!/^[1-9][0-9]{0,18}$/.test(text)) throw new Error('its position header is missing or no number');
  return BigInt(text);
}
