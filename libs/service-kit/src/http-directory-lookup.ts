import { type DirectoryLookup, DirectoryUnavailable, type EntryKind, type EntryOf } from '@tollgate/access';
import { Agent, request } from 'undici';
import { LOOKUP_PATH, lookupAnswerSchema, LOOKUPS_MAX } from './directory-lookup-route.js';
import { INTERNAL_HEADER, type InternalSecret } from './internal-secret.js';

/** Questions under way at a time; each holds up to `LOOKUPS_MAX` look-ups. */
const CONCURRENT_MAX = 8;
/** Look-ups that may wait; beyond it they are refused at once. */
const WAITING_MAX = 2_000;
const TIMEOUT_MS = 3_000;
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
/** Failures in a row after which nobody is asked for a while. */
const FAILURES_MAX = 3;
const OPEN_MS = 1_000;

interface Waiting {
  kind: EntryKind;
  id: string;
  resolve(entry: unknown): void;
  reject(error: Error): void;
}

/**
 * Asks the keys service for entries, several in one request. Nothing is kept, and nobody joins a question that is under
 * way: an answer counts from when it was asked for. After some failures it refuses at once for a second, so that a keys
 * service in trouble is left alone and callers get their 503 without a wait.
 */
export class HttpDirectoryLookup implements DirectoryLookup {
  private readonly agent = new Agent({ connections: CONCURRENT_MAX, connect: { timeout: TIMEOUT_MS } });
  private waiting: Waiting[] = [];
  private asking = 0;
  private failures = 0;
  private openUntilMs = 0;
  private isPlanned = false;

  constructor(
    private readonly keysUrl: string,
    private readonly secret: InternalSecret,
  ) {}

  find<K extends EntryKind>(kind: K, id: string): Promise<EntryOf[K] | undefined> {
    if (performance.now() < this.openUntilMs) return Promise.reject(new DirectoryUnavailable('the keys service fails'));
    if (this.waiting.length >= WAITING_MAX) {
      return Promise.reject(new DirectoryUnavailable('too many look-ups wait for the keys service'));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ kind, id, resolve: resolve as (entry: unknown) => void, reject });
      this.plan();
    });
  }

  async close(): Promise<void> {
    this.refuseWaiting('the process ends');
    await this.agent.destroy();
  }

  /** At the end of the tick, so that all of it go together. */
  private plan(): void {
    if (this.isPlanned) return;
    this.isPlanned = true;
    setImmediate(() => {
      this.isPlanned = false;
      while (this.waiting.length > 0 && this.asking < CONCURRENT_MAX)
        void this.ask(this.waiting.splice(0, LOOKUPS_MAX));
    });
  }

  private async ask(batch: Waiting[]): Promise<void> {
    this.asking += 1;
    try {
      const entries = await this.answersOf(batch);
      batch.forEach(({ resolve }, nth) => resolve(entries[nth]));
      this.failures = 0;
    } catch (cause) {
      const error = new DirectoryUnavailable(`the keys service does not answer (${(cause as Error).message})`);
      batch.forEach(({ reject }) => reject(error));
      this.failures += 1;
      if (this.failures >= FAILURES_MAX) {
        this.openUntilMs = performance.now() + OPEN_MS;
        this.refuseWaiting('the keys service fails');
      }
    } finally {
      this.asking -= 1;
      if (this.waiting.length > 0) this.plan();
    }
  }

  private async answersOf(batch: Waiting[]): Promise<unknown[]> {
    const { statusCode, headers, body } = await request(this.keysUrl + LOOKUP_PATH, {
      dispatcher: this.agent,
      method: 'POST',
      headers: { 'content-type': 'application/json', [INTERNAL_HEADER]: this.secret.shown ?? '' },
      body: JSON.stringify({ entries: batch.map(({ kind, id }) => [kind, id]) }),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(
        statusCode === 404 ? 'INTERNAL_SECRET is not the one of the keys service' : `status ${statusCode}`,
      );
    }
    if (Number(headers['content-length'] ?? 0) > ANSWER_BYTES_MAX) {
      body.destroy();
      throw new Error('the answer is too large');
    }
    const { entries } = lookupAnswerSchema.parse(await body.json());
    if (entries.length !== batch.length) throw new Error('the answer does not fit the question');
    return entries.map((entry) => (entry === null ? undefined : freezeDeeply(entry)));
  }

  private refuseWaiting(reason: string): void {
    for (const { reject } of this.waiting.splice(0)) reject(new DirectoryUnavailable(reason));
  }
}

function freezeDeeply<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) freezeDeeply(inner);
  return Object.freeze(value);
}
