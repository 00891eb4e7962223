import { EVENTS, TOPICS } from '@tollgate/contracts';
import { asyncApiOf } from './asyncapi.js';

/* eslint-disable @typescript-eslint/no-explicit-any -- the document is looked at member by member */

describe('the AsyncAPI document', () => {
  const document = JSON.parse(JSON.stringify(asyncApiOf('tollgate.'))) as any;

  const resolve = (ref: string): any =>
    ref
      .slice(2)
      .split('/')
      .reduce((at, name) => at?.[name], document);

  test('has each topic with its facts, and each fact once', () => {
    expect(document.asyncapi).toBe('3.0.0');
    expect(Object.values(document.channels).map((channel: any) => channel.address)).toEqual(
      TOPICS.map((topic) => `tollgate.${topic}`),
    );
    const listed = Object.values(document.channels).flatMap((channel: any) => Object.keys(channel.messages));
    expect(listed.sort()).toEqual(Object.keys(EVENTS).sort());
    expect(Object.keys(document.components.messages).sort()).toEqual(listed);
  });

  test('points at nothing that is not there', () => {
    const refs: string[] = [];
    JSON.stringify(document, (name, value) => {
      if (name === '$ref') refs.push(value as string);
      return value as unknown;
    });
    expect(refs.length).toBeGreaterThan(40);
    expect(refs.filter((ref) => !ref.startsWith('#/') || resolve(ref) === undefined)).toEqual([]);
  });

  test('says of a fact its envelope, its data, its key and its position', () => {
    const { KeyRevoked, RequestBilled } = document.components.messages;
    expect(KeyRevoked.payload.properties).toMatchObject({
      specversion: { const: '1.0' },
      type: { const: 'KeyRevoked' },
      data: { type: 'object', required: ['keyId', 'digest', 'actor', 'revokedAt'] },
    });
    expect(KeyRevoked.headers.required).toEqual(['position']);
    expect(RequestBilled.headers).toBeUndefined();
    expect(RequestBilled.bindings.kafka.key.description).toBe('data.payerUserId');
    expect(document.channels.usage.bindings.kafka).toMatchObject({ topic: 'tollgate.usage', partitions: 6 });
  });

  test('lets a newer producer add members', () => {
    expect(JSON.stringify(document)).not.toContain('additionalProperties":false');
  });
});
