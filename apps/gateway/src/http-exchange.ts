import type { Dispatcher } from 'undici';
import { CONNECT_TIMEOUT_MS } from './upstream-agent.js';
import { NOT_ALLOWED, UpstreamNotAllowed } from './upstream-guard.js';
import { OUTPUT_BYTES_MAX, secondsText } from './runner-result.js';

export interface UpstreamRequest {
  origin: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

export interface UpstreamAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** Why there is no answer, in words that may be shown to the workflow's caller: no address, no inner detail. */
export class UpstreamFault extends Error {
  constructor(
    message: string,
    readonly code: 'EXECUTION_FAILED' | 'TIMEOUT' | 'CANCELLED' = 'EXECUTION_FAILED',
  ) {
    super(message);
  }
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

/** One POST and its whole answer, at most 10 MiB. Rejects with `UpstreamFault` only. */
export function exchange(dispatcher: Dispatcher, request: UpstreamRequest, stop: Stop): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    const collecting = new Collecting(resolve, reject);
    stop.listen((fault) => collecting.end(fault));
    try {
      dispatcher.dispatch({ ...request, method: 'POST' }, collecting);
    } catch (error) {
      collecting.end(faultOf(error));
    }
  });
}

class Collecting implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #fault: UpstreamFault | undefined;
  #status = 0;
  #headers: UpstreamAnswer['headers'] = {};
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    private readonly resolve: (answer: UpstreamAnswer) => void,
    private readonly reject: (fault: UpstreamFault) => void,
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

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamAnswer['headers'],
  ): void {
    if (status < 200) return; // informational: the answer is still to come
    this.#status = status;
    this.#headers = headers;
    if (Number(headers['content-length'] ?? 0) > OUTPUT_BYTES_MAX) this.end(new UpstreamFault(TOO_LARGE));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > OUTPUT_BYTES_MAX) return this.end(new UpstreamFault(TOO_LARGE));
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.resolve({ status: this.#status, headers: this.#headers, body });
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
