import { eventLogContract } from './event-log.contract.js';
import { KafkaBench } from './kafka-harness.contract.js';

let bench: KafkaBench;
beforeAll(async () => {
  bench = await KafkaBench.create(process.env);
});
afterAll(() => bench?.close());

eventLogContract('KafkaEventLog', () => bench.harness());
