import { TextDecoder } from 'node:util';
import { createParser, type EventSourceParser, type ParseError } from 'eventsource-parser';
import { UpstreamFault } from './upstream-fault.js';
import type { RunOutlet } from './workflow-runner.js';

/** Largest event of a streaming upstream that is not complete yet, in characters. */
const EVENT_LENGTH_MAX = 1024 * 1024;
export const EVENT_TOO_LARGE = 'Upstream sent an event of more than 1 MiB';

/** How upstreams that speak of tokens end their streams: no text of theirs. */
const END_MARKS = new Set(['[DONE]', '"[DONE]"']);

const EVENT_STREAM = /^text\/event-stream\s*(;|$)/i;
const OTHER_TEXT = /^text\/(?!(?:[^;]+\+)?json)/i;

/**
 * Passes a streaming upstream's answer on while it comes in: the data of its events when it sends server-sent events, and any
 * other text piece by piece, cut at whole characters.
 */
export class HttpTap {
  private readonly decoder: TextDecoder;
  private readonly parser: EventSourceParser | undefined;
  private readonly parts: string[] = [];
  private isFull = false;
  private fault: UpstreamFault | undefined;

  private constructor(
    private readonly outlet: RunOutlet,
    contentType: string,
  ) {
    this.decoder = decoderOf(contentType);
    if (EVENT_STREAM.test(contentType)) {
      this.parser = createParser({
        maxBufferSize: EVENT_LENGTH_MAX,
        onEvent: ({ data }) => this.pass(END_MARKS.has(data.trim()) ? '' : data),
        onError: (error: ParseError) => {
          if (error.type === 'max-buffer-size-exceeded') this.fault ??= new UpstreamFault(EVENT_TOO_LARGE);
        },
      });
    }
  }

  /** Undefined for an answer that is not text: JSON is an output, not a stream. */
  static of(outlet: RunOutlet, contentType: string): HttpTap | undefined {
    const isText = EVENT_STREAM.test(contentType) || OTHER_TEXT.test(contentType);
    return isText ? new HttpTap(outlet, contentType) : undefined;
  }

  /** True: go on; false: wait until the outlet drains. Throws `UpstreamFault` for an event without end. */
  write(chunk: Buffer): boolean {
    this.isFull = false;
    this.feed(this.decoder.decode(chunk, { stream: true }));
    return !this.isFull;
  }

  /** The answer has ended; gives what it came to, as text. */
  end(): string {
    this.feed(this.decoder.decode());
    this.parser?.reset({ consume: true });
    return this.parts.join('');
  }

  private feed(text: string): void {
    if (this.parser) this.parser.feed(text);
    else this.pass(text);
    if (this.fault) throw this.fault;
  }

  private pass(text: string): void {
    if (text === '') return;
    this.parts.push(text);
    if (!this.outlet.write(text)) this.isFull = true;
  }
}

function decoderOf(contentType: string): TextDecoder {
  const charset = EVENT_STREAM.test(contentType) ? undefined : /;\s*charset="?([^";\s]+)/i.exec(contentType)?.[1];
  try {
    return new TextDecoder(charset ?? 'utf-8');
  } catch {
    return new TextDecoder();
  }
}
