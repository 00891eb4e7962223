import specs from '@asyncapi/specs';
import { parseMasterKeys } from '@tollgate/api-key';
import { EVENTS, type EventType } from '@tollgate/contracts';
import { Config } from '@tollgate/service-kit';
import { eventually } from '@tollgate/testing';
import { Ajv, type ValidateFunction } from 'ajv';
import { makeEveryEvent } from './every-event.js';
import { call, Person } from './person.js';
import { type PlatformHere, startPlatformHere } from './platform-here.js';
import { rotateKeyBatch } from './rotation-batch.js';

type Schema = Record<string, unknown>;
interface Document {
  channels: Record<string, { messages: Record<string, { $ref: string }> }>;
  components: { messages: Record<string, { payload: Schema }> };
}
type Event = { type: EventType; data: Record<string, unknown> } & Record<string, unknown>;

describe('the AsyncAPI document that the platform serves, held against what it really publishes', () => {
  let platform: PlatformHere;
  let document: Document;
  let events: { topic: string; event: Event }[];
  const checks = new Map<string, ValidateFunction>();

  beforeAll(async () => {
    platform = await startPlatformHere();
    await makeEveryEvent(platform);
    await rotateKeys();
    events = await eventually(
      async () => {
        const sql = 'SELECT topic, event FROM event_log.facts ORDER BY position';
        const { rows } = await platform.database.pool.query<{ topic: string; event: string }>(sql);
        const facts = rows.map(({ topic, event }) => ({ topic, event: JSON.parse(event) as Event }));
        expect([...new Set(facts.map(({ event }) => event.type))].sort()).toEqual(Object.keys(EVENTS).sort());
        return facts;
      },
      { timeoutMs: 30_000 },
    );
    document = (await call(`${platform.url}/asyncapi.json`, 'GET')).body;
    // Formats (date-time, email) are notes in this draft, and are not to be broken here.
    const ajv = new Ajv({ strict: false, validateFormats: false });
    for (const [type, { payload }] of Object.entries(document.components.messages)) {
      checks.set(type, ajv.compile(payload));
    }
  }, 150_000);
  afterAll(() => platform?.stop());

  /** What comes about by newer secrets alone. */
  async function rotateKeys(): Promise<void> {
    await (await Person.signUp(platform)).personalKey();
    const [pepper, { MASTER_KEYS, KEY_PEPPERS }] = ['b'.repeat(40), platform.running.app.get(Config)];
    await platform.again({ KEY_PEPPERS: `${pepper},${KEY_PEPPERS}` });
    const masterKeyId = parseMasterKeys(MASTER_KEYS as string)[0]!.id;
    expect(await rotateKeyBatch(platform, { pepper, masterKeyId })).toMatchObject({ body: { rotated: 1 } });
  }

  test('fits the official JSON schema of AsyncAPI 3.0', () => {
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, meta: false, validateSchema: false });
    const validate = ajv.compile(specs.schemas['3.0.0'] as object);
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ ...document, channels: [] })).toBe(false);
  });

  test('has a message for each event, on its channel, that takes it', () => {
    expect(events.length).toBeGreaterThan(Object.keys(EVENTS).length);
    for (const { topic, event } of events) {
      expect(document.channels[topic]?.messages[event.type]).toEqual({ $ref: `#/components/messages/${event.type}` });
      expect([event.type, checks.get(event.type)?.(event), checks.get(event.type)?.errors]).toEqual([
        event.type,
        true,
        null,
      ]);
    }
  });

  test('refuses the same events with any one member gone, another type, or a wrong value', () => {
    for (const { event } of events) {
      const takes = (changed: object) => checks.get(event.type)!({ ...event, ...changed });
      const { data } = event;
      const isNeeded = (name: string) => {
        const { [name]: _gone, ...rest } = data;
        const needed = !EVENTS[event.type].data.safeParse(rest).success;
        expect([event.type, name, takes({ data: rest })]).toEqual([event.type, name, !needed]);
        return needed;
      };
      const required = Object.keys(data).filter(isNeeded);
      expect(required.length).toBeGreaterThan(1);
      const [id = ''] = required.filter((name) => typeof data[name] === 'string');
      expect([event.type, id, takes({ data: { ...data, [id]: 7 } })]).toEqual([event.type, id, false]);
      expect(takes({ type: 'Another' })).toBe(false);
      expect(takes({ specversion: '0.3' })).toBe(false);
      expect(takes({ ofANewerProducer: 1, data: { ...data, added: true } })).toBe(true);
    }
  });
});
