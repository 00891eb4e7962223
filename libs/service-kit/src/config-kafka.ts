import { z } from 'zod';
import { oneOf, shaped, wholeNumber } from './config-rules.js';

/** The parts of a comma-separated setting. */
export const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** Settings of the event log on Kafka. Without `KAFKA_BROKERS` the log is a table, and none of the others counts. */
export const kafkaSettings = {
  KAFKA_BROKERS: z
    .string()
    .transform(listOf)
    .refine(
      (brokers) =>
        brokers.length > 0 && brokers.every((broker) => /^(\[[0-9a-fA-F:]+\]|[^\s:/@]+):\d{1,5}$/.test(broker)),
      'must be comma-separated host:port, without a scheme',
    )
    .optional(),
  KAFKA_SSL: oneOf(['on', 'off']).default('off'),
  KAFKA_CA_FILE: z.string().optional(),
  KAFKA_SASL: oneOf(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
  KAFKA_USERNAME: z.string().max(200, 'must have at most 200 characters').optional(),
  KAFKA_PASSWORD: z.string().max(1_000, 'must have at most 1000 characters').optional(),
  KAFKA_TOPIC_PREFIX: shaped(/^[A-Za-z0-9._-]{1,100}$/, '1 to 100 letters, digits, ., _ or -').default('tollgate.'),
  KAFKA_REPLICATION: wholeNumber(1, 10).optional(),
  KAFKA_SKIP: z
    .string()
    .transform(listOf)
    .refine(
      (records) => records.every((record) => /^[^@\s]+@[^/\s]+\/\d+\/\d+$/.test(record)),
      'must be comma-separated follower@topic/partition/offset, as a stopped follower names them',
    )
    .default([]),
};

export type KafkaSettings = z.output<z.ZodObject<typeof kafkaSettings>>;

/** What is wrong between the settings, beside what is wrong with each. */
export function kafkaFaults(settings: Partial<Record<keyof KafkaSettings, unknown>>): string[] {
  const faults: string[] = [];
  const { KAFKA_SASL, KAFKA_USERNAME, KAFKA_PASSWORD } = settings;
  if (KAFKA_SASL !== undefined) {
    if (KAFKA_USERNAME === undefined) faults.push('KAFKA_USERNAME: is required with KAFKA_SASL');
    if (KAFKA_PASSWORD === undefined) faults.push('KAFKA_PASSWORD: is required with KAFKA_SASL');
  } else if (KAFKA_USERNAME !== undefined || KAFKA_PASSWORD !== undefined) {
    faults.push('KAFKA_SASL: is required with KAFKA_USERNAME and KAFKA_PASSWORD');
  }
  if (settings.KAFKA_CA_FILE !== undefined && settings.KAFKA_SSL !== 'on') {
    faults.push('KAFKA_CA_FILE: needs KAFKA_SSL=on');
  }
  return faults;
}
