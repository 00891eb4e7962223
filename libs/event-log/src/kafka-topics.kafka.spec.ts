import { TOPICS } from '@tollgate/contracts';
import type { NewEvent } from '@tollgate/contracts';
import { eventually } from '@tollgate/testing';
import { KafkaEventLog } from './kafka-event-log.js';
import { KafkaBench } from './kafka-harness.contract.js';
import { kafkaTopic, partitionKey } from './kafka-topics.js';
import { storedEvent } from './stored-event.js';
import { keyRenamed, requestBilled, runFinished } from './harness.contract.js';

const CONFIG_OF_TOPIC = 2;

describe('the topics of the log', () => {
  let bench: KafkaBench;
  beforeAll(async () => {
    bench = await KafkaBench.create(process.env);
  });
  beforeEach(() => bench.empty());
  afterEach(() => bench.closeLogs());
  afterAll(() => bench?.close());

  const name = (topic: (typeof TOPICS)[number]) => kafkaTopic(topic, bench.topicPrefix);
  const made = () => bench.client.admin((admin) => admin.fetchTopicMetadata({ topics: TOPICS.map(name) }));
  /** Resolves when the broker tells everybody of it, which may be a moment after it was made. */
  const make = (topic: string, numPartitions: number, settings: Record<string, string> = {}) =>
    bench.client.admin(async (admin) => {
      const configEntries = Object.entries({ 'retention.ms': '-1', ...settings }).map(([of, value]) => ({
        name: of,
        value,
      }));
      await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: false });
      await eventually(async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        expect(topics[0]?.partitions).toHaveLength(numPartitions);
      });
    });

  it('are made once, by however many processes start together, and are kept for ever', async () => {
    await Promise.all([1, 2, 3, 4, 5, 6].map(() => bench.log({ relay: false })));
    const { topics } = await made();
    const partitions = Object.fromEntries(topics.map((topic) => [topic.name, topic.partitions.length]));
    expect(partitions[name('keys')]).toBe(1);
    expect(partitions[name('usage')]).toBe(6);
    const { resources } = await bench.client.admin((admin) =>
      admin.describeConfigs({
        includeSynonyms: false,
        resources: TOPICS.map((topic) => ({ type: CONFIG_OF_TOPIC, name: name(topic) })),
      }),
    );
    expect(resources).toHaveLength(TOPICS.length);
    for (const { configEntries } of resources) {
      const settings = new Map(configEntries.map((entry) => [entry.configName, entry.configValue]));
      expect(settings.get('retention.ms')).toBe('-1');
      expect(settings.get('retention.bytes')).toBe('-1');
      expect(settings.get('cleanup.policy')).toBe('delete');
    }
  });

  it('are refused with words when they have too few partitions, or forget or compact what must be kept', async () => {
    await make(name('usage'), 1);
    await make(name('keys'), 1, { 'retention.ms': '60000' });
    await make(name('users'), 1, { 'cleanup.policy': 'compact' });
    const opening = bench.log();
    await expect(opening).rejects.toThrow(`topic ${name('usage')} has too few partitions (1; it needs 6)`);
    await expect(opening).rejects.toThrow(`topic ${name('keys')} has retention.ms=60000, not -1`);
    await expect(opening).rejects.toThrow(`topic ${name('users')} has cleanup.policy=compact, not delete`);
    await expect(opening).rejects.toThrow(/kafka-configs\.sh --alter/);
  });

  it('may have more partitions, and a data topic may forget, which is said', async () => {
    await make(name('usage'), 12, { 'retention.ms': '60000' });
    await bench.log({ relay: false });
    expect(bench.told.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringMatching(/cannot be rebuilt/) }),
    );
  });

  it('cannot be used without Kafka: which address, and what to look at', async () => {
    const opening = KafkaEventLog.open({
      brokers: ['127.0.0.1:1'],
      clientId: 'tollgate-spec',
      topicPrefix: bench.topicPrefix,
      pool: bench.database.pool,
      listen: bench.database.url,
      log: bench.told.log,
      sasl: { mechanism: 'plain', username: 'someone', password: 'hush-hush' },
    });
    await expect(opening).rejects.toThrow(/Cannot use Kafka at 127\.0\.0\.1:1: .*ECONNREFUSED.*TLS/);
    expect(JSON.stringify(bench.told.lines)).not.toContain('hush-hush');
  });

  it('cannot be used with TLS where none is spoken', async () => {
    const opening = bench.log({ ssl: true });
    await expect(opening).rejects.toThrow(/Cannot use Kafka at .*Does it speak TLS there/);
  });

  it('keep together what must keep its order: a payer’s bills, a workspace’s runs, a subject’s facts', () => {
    const keyOf = (event: NewEvent) => partitionKey(storedEvent(event));
    expect(keyOf(requestBilled('1'))).toBe('usr_1');
    expect(keyOf(runFinished('1'))).toBe('wsp_1');
    expect(keyOf(keyRenamed('1', 'key_9'))).toBe('key_9');
  });

  it('are not misled by a name that looks like the payer', () => {
    const event = requestBilled('1');
    const data = { ...event.data, workspaceName: '","payerUserId":"usr_2"', payerUserId: 'usr "1" \\' };
    expect(partitionKey(storedEvent({ ...event, data }))).toBe('usr "1" \\');
  });
});
