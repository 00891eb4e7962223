// Adds up what each payer has used, from the first event on. KAFKA_BROKERS=host:port node docs/consumer.mjs
import kafkajs from 'kafkajs';

const { Kafka, logLevel } = kafkajs;
const brokers = (process.env.KAFKA_BROKERS ?? '127.0.0.1:9092').split(',');
const kafka = new Kafka({ clientId: 'example', brokers, logLevel: logLevel.ERROR });
// Offsets are kept under this name: started again, it goes on where it was. What it added up should be kept with them.
const consumer = kafka.consumer({ groupId: process.env.GROUP ?? 'example' });

const seen = new Set();
const micros = new Map();

await consumer.connect();
await consumer.subscribe({ topics: [`${process.env.KAFKA_TOPIC_PREFIX ?? 'tollgate.'}usage`], fromBeginning: true });
await consumer.run({
  eachMessage: async ({ message }) => {
    const event = JSON.parse(message.value.toString());
    // An event may come twice; a type that is not known here is none of our business.
    if (seen.has(event.id) || event.type !== 'RequestBilled') return;
    seen.add(event.id);
    const { payerUserId, runId, baseMicros, runnerMicros } = event.data;
    const sum = (micros.get(payerUserId) ?? 0) + baseMicros + runnerMicros;
    micros.set(payerUserId, sum);
    console.log(JSON.stringify({ payerUserId, runId, dollars: (sum / 1_000_000).toFixed(6) }));
  },
});

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => consumer.disconnect());
