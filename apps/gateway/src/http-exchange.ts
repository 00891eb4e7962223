import type { Dispatcher } from 'undici';
import { CONNECT_TIMEOUT_MS } from './upstream-agent.js';
import { NOT_ALLOWED, UpstreamNotAllowed } from './upstream-guard.js';
import { HttpTap } from './http-tap.js';
import { OUTPUT_BYTES_MAX, secondsText } from './runner-result.js';
import { UpstreamFault } from './upstream-fault.js';
import type { HeaderList } from './http-headers.js';
import type { UpstreamTarget } from './upstream-targets.js';
import type { RunOutlet } from './workflow-runner.js';

export interface UpstreamRequest {
  target: UpstreamTarget;
  headers: HeaderList;
  body: string;
}

export interface UpstreamAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  /** The text that was passed on while it came in, all of it; the body is empty then. */
  streamed?: string;
}

export const TOO_LARGE = 'Upstream answered with more than 10 MiB';

/** Ends an exchange early; `stop` may come before, while or after it runs. */
export class Stop {
  #fault: UpstreamFault | undefined;
  #onStop: ((fault: UpstreamFault) => void) | undefined;

  stop(fault: UpstreamFault): void {
    this.#fault ??= fault;
    this.#onStop?.(this.#fault);
  }

  /** One listener at a time: the exchange that runs. */
  listen(onStop: (fault: UpstreamFault) => void): void {
    this.#onStop = onStop;
    if (this.#fault) onStop(this.#fault);
  }
}

/**
 * One POST and its whole answer, at most 10 MiB. Rejects with `UpstreamFault` only. With an `outlet`, a good answer that is text is
 * passed on as it comes, no faster than the outlet takes it.
 */
export function exchange(
  dispatcher: Dispatcher,
  { target: { origin, path }, headers, body }: UpstreamRequest,
  stop: Stop,
  outlet?: RunOutlet,
): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    const collecting = new Collecting(resolve, reject, outlet);
    stop.listen((fault) => collecting.end(fault));
    try {
      dispatcher.dispatch({ origin, path, method: 'POST', headers, body }, collecting);
    } catch (error) {
      collecting.end(faultOf(error));
    }
  });
}

const EMPTY = Buffer.alloc(0);

function isEncoded(headers: UpstreamAnswer['headers']): boolean {
  const encoding = String(headers['content-encoding'] ?? '').trim();
  return encoding !== '' && encoding.toLowerCase() !== 'identity';
}

class Collecting implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #fault: UpstreamFault | undefined;
  #status = 0;
  #headers: UpstreamAnswer['headers'] = {};
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #tap: HttpTap | undefined;

  constructor(
    private readonly resolve: (answer: UpstreamAnswer) => void,
    private readonly reject: (fault: UpstreamFault) => void,
    private readonly outlet: RunOutlet | undefined,
  ) {}

  end(fault: UpstreamFault): void {
    this.#fault ??= fault;
    this.reject(this.#fault);
    this.#controller?.abort(this.#fault);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#fault) controller.abort(this.#fault); // it was still waiting for a connection when it was ended
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: UpstreamAnswer['headers']): void {
    if (status < 200) return; // informational: the answer is still to come
    this.#status = status;
    this.#headers = headers;
    if (Number(headers['content-length'] ?? 0) > OUTPUT_BYTES_MAX) return this.end(new UpstreamFault(TOO_LARGE));
    const { outlet } = this;
    if (!outlet || status > 299 || isEncoded(headers)) return;
    this.#tap = HttpTap.of(outlet, String(headers['content-type'] ?? '').trim());
    if (this.#tap) outlet.onDrain(() => controller.resume());
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#fault) return; // nobody takes it any more
    this.#bytes += chunk.length;
    if (this.#bytes > OUTPUT_BYTES_MAX) return this.end(new UpstreamFault(TOO_LARGE));
    if (!this.#tap) return void this.#chunks.push(chunk);
    this.#passing(this.#tap, (tap) => {
      if (!tap.write(chunk)) controller.pause();
    });
  }

  onResponseEnd(): void {
    if (this.#tap) {
      this.#passing(this.#tap, (tap) => {
        const streamed = tap.end();
        this.resolve({ status: this.#status, headers: this.#headers, body: EMPTY, streamed });
      });
      return;
    }
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.resolve({ status: this.#status, headers: this.#headers, body });
  }

  #passing(tap: HttpTap, pass: (tap: HttpTap) => void): void {
    try {
      pass(tap);
    } catch (error) {
      this.end(faultOf(error));
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.reject(this.#fault ?? faultOf(error));
  }
}

const REASONS: [codes: RegExp, reason: string][] = [
  [/^(ENOTFOUND|EAI_|ENODATA|ESERVFAIL)/, 'Upstream host was not found'],
  [/^ECONNREFUSED$/, 'Upstream refused the connection'],
  [/^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EACCES|EPERM)$/, 'Upstream cannot be reached'],
  [/^(HPE_|HTTPParserError$|UND_ERR_HEADERS_OVERFLOW$)/, 'Upstream did not answer with valid HTTP'],
  [
    /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)$/,
    'Upstream closed the connection before it had answered',
  ],
  [/CERT|TLS|SSL|EPROTO|SIGNATURE|ISSUER/, 'Upstream could not prove who it is (TLS)'],
  [/^UND_ERR_INVALID_ARG$/, 'A header of this workflow is not valid'],
];

function faultOf(error: unknown): UpstreamFault {
  if (error instanceof UpstreamFault) return error;
  if (error instanceof UpstreamNotAllowed) return new UpstreamFault(NOT_ALLOWED);
  const { code: given, name } = error as { code?: unknown; name?: unknown };
  const code = String(given ?? name); // undici's parser error has a name alone
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') {
    return new UpstreamFault(`Upstream timed out after ${secondsText(CONNECT_TIMEOUT_MS)}`, 'TIMEOUT');
  }
  return new UpstreamFault(REASONS.find(([codes]) => codes.test(code))?.[1] ?? 'Upstream request failed');
}
