import { eventLogContract } from './event-log.contract.js';
import type { KafkaEventLog } from './kafka-event-log.js';
import { KafkaBench } from './kafka-harness.contract.js';
import { KafkaLogEnds } from './kafka-log-ends.js';
import { logEndsContract } from './log-ends.contract.js';

let bench: KafkaBench;
beforeAll(async () => {
  bench = await KafkaBench.create(process.env);
});
afterAll(() => bench?.close());

eventLogContract('KafkaEventLog', () => bench.harness());

logEndsContract('KafkaEventLog', async () => {
  const harness = await bench.harness();
  return { harness, ends: new KafkaLogEnds(harness.log as KafkaEventLog) };
});
