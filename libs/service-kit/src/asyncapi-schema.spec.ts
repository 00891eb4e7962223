import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import { asyncApiOf } from './asyncapi.js';

type Document = ReturnType<typeof asyncApiOf> & { channels: Record<string, Record<string, unknown>> };

describe('the AsyncAPI document, held against the official JSON schema of AsyncAPI 3.0', () => {
  // The schema brings draft 7 itself, and may be known but once. Formats (uri, date-time) are notes here.
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, meta: false, validateSchema: false });
  const validate = ajv.compile(specs.schemas['3.0.0'] as object);
  const made = () => JSON.parse(JSON.stringify(asyncApiOf('tollgate.'))) as Document;

  test('fits it', () => {
    validate(made());
    expect(validate.errors ?? []).toEqual([]);
  });

  test.each<[string, (document: Document) => void]>([
    ['another version of the document', (document) => (document.asyncapi = '3.9.9')],
    ['no title', (document) => (document.info = { version: '1' })],
    ['a member that is none of a channel', (document) => (document.channels.usage!.adress = 'x')],
    ['a binding of Kafka with no partitions', (document) => (bindingOf(document).partitions = 0)],
    ['a data type that does not exist', (document) => (payloadOf(document).type = 'integers')],
  ])('would not with %s', (_fault, spoil) => {
    const document = made();
    spoil(document);
    expect(validate(document)).toBe(false);
  });

  function bindingOf(document: Document): Record<string, unknown> {
    return (document.channels.usage!.bindings as { kafka: Record<string, unknown> }).kafka;
  }

  function payloadOf(document: Document): Record<string, unknown> {
    const { messages } = document.components as { messages: Record<string, { payload: Record<string, unknown> }> };
    return messages.RequestBilled!.payload;
  }
});
