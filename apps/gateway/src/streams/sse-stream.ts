import type { ServerResponse } from 'node:http';

/** How the end of a stream is told (contract B3.3): JSON like every other frame. */
const SENTINEL = '"[DONE]"';

/** So that nothing between here and the client keeps a stream or holds it back (contract A6 "Caching", B3.3). */
export const STREAM_HEADERS = { 'cache-control': 'no-cache, no-store', 'x-accel-buffering': 'no' };

/**
 * From now on cuts a client off that takes nothing of what waits for it for `stallMs`; one that reads slowly is not. Until the
 * response is sent: then the connection's own times apply again.
 */
export function cutOffWhenStalled(response: ServerResponse, stallMs: number): void {
  response.setTimeout(stallMs);
}

/**
 * One answer of server-sent events: frames leave as they are written. A client that does not read is cut off after `stallMs`;
 * `close` of the response then ends the run.
 */
export class SseStream {
  private isBehind = false;
  private onDrain: (() => void) | undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly stallMs: number,
  ) {
    response.on('drain', () => {
      this.isBehind = false;
      response.setTimeout(0);
      this.onDrain?.();
    });
    // What is produced for a client that is gone has nowhere to wait.
    response.once('close', () => this.onDrain?.());
  }

  /** Says that it is a stream, before there is anything to tell. */
  open(headers: Record<string, string>): void {
    this.response.writeHead(200, {
      ...headers,
      ...STREAM_HEADERS,
      'content-type': 'text/event-stream',
    });
    this.response.flushHeaders();
  }

  /** False: the client is behind; `drained` tells when it has caught up. After it is gone, nothing is written. */
  send(frameJson: string): boolean {
    if (this.response.destroyed || this.response.writableEnded) return true;
    const hasRoom = this.response.write(frameText(frameJson));
    if (!hasRoom) this.watch();
    return hasRoom;
  }

  /** One listener. */
  drained(listener: () => void): void {
    this.onDrain = listener;
  }

  /** The last frames and the sentinel; what the client does not fetch in time is thrown away with its connection. */
  end(tail: string): void {
    if (this.response.destroyed) return;
    cutOffWhenStalled(this.response, this.stallMs);
    this.response.end(tail);
  }

  private watch(): void {
    if (!this.isBehind) cutOffWhenStalled(this.response, this.stallMs);
    this.isBehind = true;
  }
}

export function frameText(frameJson: string): string {
  return `data: ${frameJson}\n\n`;
}

/** The end of a stream whose last frame is this. */
export function tailText(frameJson: string): string {
  return frameText(frameJson) + frameText(SENTINEL);
}
