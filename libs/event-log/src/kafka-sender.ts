import { isFinalFault, kafkaFault } from './kafka-faults.js';
import type { KafkaClient, KafkaMessage } from './kafka-client.js';
import { pauseMs } from './pauses.js';
import type { Sleep } from './pauses.js';

export interface KafkaSenderParts {
  client: Pick<KafkaClient, 'producer'>;
  sleep: Sleep;
  /** How long one `send` tries, its wait for the ones before it included. */
  timeoutMs: number;
}

/** Kafka did not acknowledge in time: what was sent may be there or not. Safe to send again. */
export class KafkaUnavailable extends Error {}

/** A broker takes a megabyte per partition and request by default. */
const REQUEST_BYTES_MAX = 900_000;
/** What Kafka puts around a message, at most. */
const MESSAGE_OVERHEAD_BYTES = 100;

type Producer = Awaited<ReturnType<KafkaClient['producer']>>;

/**
 * Sends in order, one request at a time, each acknowledged by all in-sync copies. A producer that has failed is thrown
 * away: the client takes its sequence numbers back, and would give them to the next messages, which the broker could
 * then take for the ones it has already.
 */
export class KafkaSender {
  readonly #parts: KafkaSenderParts;
  readonly #stop = new AbortController();
  #producer: Promise<Producer> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(parts: KafkaSenderParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when all messages are acknowledged. Rejects with `KafkaUnavailable` when the time is up, and at once when
   * the broker refuses a message for good; some of them may be in the log then, and after a second try twice.
   */
  send(messages: readonly KafkaMessage[]): Promise<void> {
    const deadline = performance.now() + this.#parts.timeoutMs;
    const sending = this.#last.then(async () => {
      for (const request of requestsOf(messages)) await this.#acknowledged(request, deadline);
    });
    this.#last = sending.catch(() => undefined);
    return sending;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#last;
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.then((open) => open.disconnect()).catch(() => undefined);
  }

  async #acknowledged(request: Request, deadline: number): Promise<void> {
    let fault = 'others are being sent';
    for (let nth = 1; ; nth += 1) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || this.#stop.signal.aborted) {
        throw new KafkaUnavailable(`Kafka did not acknowledge within ${this.#parts.timeoutMs} ms: ${fault}`);
      }
      const trying = this.#once(request);
      try {
        await within(leftMs, trying);
        return;
      } catch (error) {
        this.#discard(trying);
        fault = kafkaFault(error);
        if (isFinalFault(error)) throw new Error(`Kafka refused events: ${fault}`, { cause: error });
        const pause = Math.min(pauseMs(nth), Math.max(deadline - performance.now(), 0));
        await this.#parts.sleep(pause, this.#stop.signal);
      }
    }
  }

  async #once(request: Request): Promise<void> {
    const producer = await (this.#producer ??= this.#parts.client.producer());
    await producer.sendBatch({ acks: -1, topicMessages: request });
  }

  /** What is given up may still be trying, and would open the connection again: it is closed once more after that. */
  #discard(trying: Promise<void>): void {
    const producer = this.#producer;
    this.#producer = undefined;
    const close = () => producer?.then((open) => open.disconnect()).catch(() => undefined);
    void close();
    void trying.catch(() => undefined).then(close);
  }
}

type Request = { topic: string; messages: Pick<KafkaMessage, 'key' | 'value' | 'headers'>[] }[];

/** Cuts messages into requests that a broker takes, in order. One that is too big by itself goes alone. */
function* requestsOf(messages: readonly KafkaMessage[]): Generator<Request> {
  let byTopic = new Map<string, KafkaMessage[]>();
  let bytes = 0;
  const request = (): Request => [...byTopic].map(([topic, of]) => ({ topic, messages: of }));
  for (const message of messages) {
    const size = Buffer.byteLength(message.value) + message.key.length + MESSAGE_OVERHEAD_BYTES;
    if (bytes > 0 && bytes + size > REQUEST_BYTES_MAX) {
      yield request();
      byTopic = new Map();
      bytes = 0;
    }
    bytes += size;
    const of = byTopic.get(message.topic);
    if (of) of.push(message);
    else byTopic.set(message.topic, [message]);
  }
  if (bytes > 0) yield request();
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('no acknowledgement')), timeoutMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
