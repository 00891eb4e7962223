import pg from 'pg';
import type { Topic } from '@tollgate/contracts';
import type { Bell } from './bell.js';
import type { EventLogLogger } from './event-log-logger.js';
import { NOTIFY_CHANNEL } from './fact-table.js';
import { pauseMs } from './pauses.js';
import type { Sleep } from './pauses.js';

export interface LogListenerParts {
  connection: pg.ClientConfig;
  log: EventLogLogger;
  sleep: Sleep;
}

/**
 * One LISTEN connection for all followers of a process; open while there are any. It only makes them quick: when it
 * is lost, they poll and it comes back by itself.
 */
export class LogListener {
  readonly #parts: LogListenerParts;
  readonly #bells = new Map<Bell, readonly Topic[]>();
  #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(parts: LogListenerParts) {
    this.#parts = parts;
  }

  /** Rings the bell whenever one of the topics was written. */
  add(bell: Bell, topics: readonly Topic[]): void {
    this.#bells.set(bell, topics);
    if (this.#bells.size > 1) return;
    this.#stop = new AbortController();
    this.#loop = this.#listen(this.#stop.signal);
  }

  async remove(bell: Bell): Promise<void> {
    if (!this.#bells.delete(bell) || this.#bells.size > 0) return;
    this.#stop.abort();
    await this.#loop;
  }

  async #listen(signal: AbortSignal): Promise<void> {
    for (let losses = 0; !signal.aborted;) {
      const fault = await this.#listenOnce(signal, () => (losses = 0));
      if (signal.aborted) return;
      losses += 1;
      this.#parts.log.warn({ fault, losses }, 'The event log cannot listen for news; followers poll meanwhile');
      await this.#parts.sleep(pauseMs(losses), signal);
    }
  }

  /** Resolves with the reason when the connection is gone. */
  async #listenOnce(signal: AbortSignal, onListening: () => void): Promise<string> {
    const client = new pg.Client({
      ...this.#parts.connection,
      application_name: 'tollgate event-log listener',
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
    });
    let fault = 'the connection ended';
    client.on('error', (error) => (fault = error.message));
    client.on('notification', ({ payload }) => this.#ring((payload ?? '').split(',')));
    try {
      await client.connect();
      await client.query(`LISTEN ${NOTIFY_CHANNEL}`);
      onListening();
      // What was written before LISTEN took hold was not heard.
      this.#ring();
      await endOf(client, signal);
    } catch (error) {
      fault = error instanceof Error ? error.message : String(error);
    } finally {
      await client.end().catch(() => undefined);
    }
    return fault;
  }

  #ring(written?: readonly string[]): void {
    for (const [bell, topics] of this.#bells) {
      if (!written || topics.some((topic) => written.includes(topic))) bell.ring();
    }
  }
}

function endOf(client: pg.Client, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    client.once('end', resolve);
    client.once('error', () => resolve());
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
