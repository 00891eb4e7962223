import { EVENTS, type EventType, TOPICS } from '@tollgate/contracts';
import { topicShape } from '@tollgate/event-log';
import { EVENT_SUMMARIES, eventJsonSchema, eventTypesOf } from '@tollgate/service-kit';
import { schemaBreaks } from './schema-breaks.js';

const BEGIN = '<!-- made by npm run events -->';
const END = '<!-- end -->';

/** What every event's data looked like when this was committed, by type. */
export type EventSchemas = Record<string, { topic: string; data: unknown }>;

export function eventSchemas(): EventSchemas {
  const types = Object.keys(EVENTS) as EventType[];
  return Object.fromEntries(types.map((type) => [type, { topic: EVENTS[type].topic, data: eventJsonSchema(type) }]));
}

/** What the events of now break of those that were committed: a new type and a new optional member break nothing. */
export function eventBreaks(before: EventSchemas, after: EventSchemas): string[] {
  return Object.entries(before).flatMap(([type, { topic, data }]) => {
    const now = after[type];
    if (!now) return [`${type}: is gone`];
    const moved = topic === now.topic ? [] : [`${type}: was in ${topic} and is in ${now.topic}`];
    return [...moved, ...schemaBreaks(data, now.data).map((fault) => `${type}: ${fault}`)];
  });
}

/** The page with its tables as they are now. Throws when it has no place for them. */
export function withTables(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/events.md has no place between "${BEGIN}" and "${END}"`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${tables()}\n\n${page.slice(end)}`;
}

function tables(): string {
  return TOPICS.map((topic) => {
    const { partitions, key, isControl } = topicShape(topic);
    const types = eventTypesOf(topic).map((type) => `- **${type}** ${EVENT_SUMMARIES[type]} ${membersOf(type)}`);
    const of = `${partitions} partition${partitions === 1 ? '' : 's'}, by \`${key}\``;
    return [`### tollgate.${topic}`, `${of}${isControl ? ', header `position`' : ''}`, types.join('\n')].join('\n\n');
  }).join('\n\n');
}

function membersOf(type: EventType): string {
  const { properties = {}, required = [] } = eventJsonSchema(type) as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  return Object.keys(properties)
    .map((name) => `\`${name}${required.includes(name) ? '' : '?'}\``)
    .join(' ');
}
