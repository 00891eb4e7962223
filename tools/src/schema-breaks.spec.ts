import { schemaBreaks } from './schema-breaks.js';

const schema = {
  type: 'object',
  required: ['id', 'role', 'inner'],
  properties: {
    id: { type: 'string', minLength: 1, maxLength: 128 },
    role: { type: 'string', enum: ['admin', 'read'] },
    note: { type: 'string' },
    inner: { type: 'object', required: ['at'], properties: { at: { type: 'string', format: 'date-time' } } },
    either: { anyOf: [{ type: 'string' }, { type: 'null' }] },
  },
};

/** The schema with one thing changed. */
function changed(change: (copy: typeof schema & { properties: Record<string, unknown> }) => void): unknown {
  const copy = JSON.parse(JSON.stringify(schema)) as never;
  change(copy);
  return copy;
}

describe('what breaks when an event’s schema changes', () => {
  test.each<[string, unknown]>([
    ['nothing changes', schema],
    ['an optional member comes in', changed(({ properties }) => (properties.more = { type: 'number' }))],
    [
      'an optional member comes into an inner object',
      changed(({ properties }) => Object.assign(properties.inner.properties, { more: { type: 'number' } })),
    ],
    ['words change', changed(({ properties }) => Object.assign(properties.id, { description: 'Who' }))],
  ])('given that %s, nothing breaks', (_, after) => {
    expect(schemaBreaks(schema, after)).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    [
      'a member goes',
      changed(({ properties }) => delete (properties as { note?: unknown }).note),
      'data.note: is gone',
    ],
    [
      'a member comes in as required',
      changed((copy) => {
        (copy.properties as Record<string, unknown>).more = { type: 'number' };
        copy.required.push('more');
      }),
      'data.more: is required and was not',
    ],
    [
      'an optional one becomes required',
      changed(({ required }) => required.push('note')),
      'data.note: is required and was not',
    ],
    ['a required one becomes optional', changed(({ required }) => required.shift()), 'data.id: is no longer required'],
    [
      'a text may be less long',
      changed(({ properties }) => (properties.id.maxLength = 64)),
      'data.id: maxLength was 128 and is 64',
    ],
    [
      'a type changes',
      changed(({ properties }) => (properties.note.type = 'number')),
      'data.note: type was "string" and is "number"',
    ],
    [
      'a word is taken out of a list',
      changed(({ properties }) => properties.role.enum.pop()),
      'data.role: enum was ["admin","read"] and is ["admin"]',
    ],
    [
      'a word comes into a list, which older readers refuse',
      changed(({ properties }) => properties.role.enum.push('write')),
      'data.role: enum was ["admin","read"] and is ["admin","read","write"]',
    ],
    [
      'an inner member goes',
      changed(({ properties }) => delete (properties.inner.properties as { at?: unknown }).at),
      'data.inner.at: is gone',
    ],
    [
      'one of two forms changes',
      changed(({ properties }) => (properties.either.anyOf[0]!.type = 'number')),
      'data.either.anyOf[0]: type was "string" and is "number"',
    ],
    [
      'null is no longer allowed',
      changed(({ properties }) => properties.either.anyOf.pop()),
      'data.either: anyOf was [{"type":"string"},{"type":"null"}] and is [{"type":"string"}]',
    ],
  ])('given that %s, it is told with its place', (_, after, told) => {
    expect(schemaBreaks(schema, after)).toEqual([told]);
  });
});
