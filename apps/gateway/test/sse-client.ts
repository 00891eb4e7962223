import { createParser } from 'eventsource-parser';

export interface Frame {
  atMs: number;
  json: unknown;
}

/** Reads server-sent events as they come, each with the moment of its arrival. */
export class SseClient {
  readonly frames: Frame[] = [];
  /** Resolves when the stream is over, rejects when it breaks. */
  readonly ended: Promise<void>;

  private constructor(
    readonly response: Response,
    private readonly abort: AbortController,
  ) {
    this.ended = this.read();
    this.ended.catch(() => undefined);
  }

  static async open(url: string, headers: Record<string, string>, body: unknown): Promise<SseClient> {
    const abort = new AbortController();
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: abort.signal,
    });
    return new SseClient(response, abort);
  }

  get json(): unknown[] {
    return this.frames.map(({ json }) => json);
  }

  /** Goes away in the middle. */
  leave(): void {
    this.abort.abort();
  }

  private async read(): Promise<void> {
    const parser = createParser({
      onEvent: ({ data }) => void this.frames.push({ atMs: performance.now(), json: JSON.parse(data) }),
    });
    const decoder = new TextDecoder();
    for await (const chunk of this.response.body!) parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
  }
}
