import type { Topic } from '@tollgate/contracts';
import type { KafkaEventLog } from './kafka-event-log.js';
import { LogEnds } from './log-ends.js';

/** A publish tries for ten seconds, and its caller once more; a broker that comes back needs some of its own. */
const SPREAD_MS = 30_000;

/** Of the log as Kafka topics: one line for each partition. */
export class KafkaLogEnds extends LogEnds {
  readonly spreadMs: number = SPREAD_MS;

  constructor(private readonly log: Pick<KafkaEventLog, 'ends'>) {
    super();
  }

  async read(topics: readonly Topic[]): Promise<ReadonlyMap<string, bigint>> {
    return new Map([...(await this.log.ends(topics))].map(([partition, end]) => [`@${partition}`, end]));
  }
}
