import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventBreaks, eventSchemas, type EventSchemas, withTables } from './events-page.js';

const docs = join(import.meta.dirname, '../../docs');
const committed = () => JSON.parse(readFileSync(join(docs, 'events.schema.json'), 'utf8')) as EventSchemas;

describe('the events that others read', () => {
  test('break nothing that was committed', () => {
    expect(eventBreaks(committed(), eventSchemas())).toEqual([]);
  });

  test('are what docs/events.md and docs/events.schema.json say; npm run events brings them up to date', () => {
    const page = readFileSync(join(docs, 'events.md'), 'utf8');
    expect(page).toBe(withTables(page));
    expect(committed()).toEqual(eventSchemas());
  });

  test('given a type that is gone, moved, or asks for more, it is told; a new one is none of it', () => {
    const { KeyRevoked, ...rest } = committed();
    const more = { ...(KeyRevoked?.data as object), required: ['keyId', 'digest', 'actor', 'revokedAt', 'why'] };
    const now = { ...rest, KeyRevoked: { topic: 'users', data: more }, KeyForgotten: { topic: 'keys', data: {} } };
    expect(eventBreaks(committed(), now)).toEqual([
      'KeyRevoked: was in keys and is in users',
      'KeyRevoked: data.why: is required and was not',
    ]);
    expect(eventBreaks(committed(), rest)).toEqual(['KeyRevoked: is gone']);
  });
});
