import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Deployment } from '@tollgate/access';
import { Clock, loadConfig, Log } from '@tollgate/service-kit';
import { HttpRunner } from '../src/http-runner.js';
import type { AddressLookup } from '../src/upstream-guard.js';
import type { RunCall, RunResult } from '../src/workflow-runner.js';

export interface Seen {
  headers: IncomingMessage['headers'];
  url: string;
  method: string;
  body: string;
}
export type Answer = (response: ServerResponse, seen: Seen) => void;

export class FixedClock extends Clock {
  override nowMs(): number {
    return 1_700_000_000_999;
  }
}

export class Lines extends Log {
  readonly pino = undefined as never;
  readonly lines: [string, object][] = [];
  override warn(message: string, fields: object): void {
    this.lines.push([message, fields]);
  }
  override error(message: string, fields: object): void {
    this.lines.push([message, fields]);
  }
}

/** An upstream on loopback that keeps what it was sent. */
export class Upstream {
  readonly seen: Seen[] = [];
  connections = 0;
  answer: Answer = (response) => response.end();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { headers, url = '', method = '' } = request;
        const seen = { headers, url, method, body: Buffer.concat(chunks).toString() };
        this.seen.push(seen);
        this.answer(response, seen);
      });
    });
    this.#server.on('connection', () => (this.connections += 1));
  }
  async listen(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return this;
  }
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

export const SECRETS = { headers: { Authorization: 'Bearer upstream', 'X-Own': 'yes' }, signingSecret: 'whsec_test' };

export function callOf(url: string, more: Partial<RunCall> & { runnerTimeoutMs?: number } = {}): RunCall {
  const { runnerTimeoutMs, ...rest } = more;
  const runner = { kind: 'http' as const, url, ...(runnerTimeoutMs !== undefined && { timeoutMs: runnerTimeoutMs }) };
  const deployment: Deployment = { versionId: 'v', name: 'n', deployedAt: '', runner, inputSchema: null };
  const input = { message: 'hé' };
  return {
    runId: 'run-1',
    workspaceId: 'ws-1',
    workflowId: 'wf-1',
    deployment,
    input,
    inputJson: JSON.stringify(input),
    upstreamSecrets: SECRETS,
    timeoutMs: 60_000,
    ...rest,
  };
}

/** Answers with JSON. */
export function json(value: unknown, headers: object = {}, status = 200): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
  };
}

export function failed(message: string, code = 'EXECUTION_FAILED'): RunResult {
  return { status: 'failed', outputJson: 'null', error: { code, message }, runnerMicros: 0 };
}

/** Runners with one upstream; all that was opened is closed again. */
export class HttpRunnerUnderTest {
  readonly log = new Lines();
  upstream!: Upstream;
  readonly closing: (() => unknown)[] = [];

  static async start(): Promise<HttpRunnerUnderTest> {
    const one = new HttpRunnerUnderTest();
    one.upstream = await one.another();
    return one;
  }

  /** Loopback is allowed unless `settings` say otherwise. */
  runnerWith(settings: NodeJS.ProcessEnv = {}, lookup?: AddressLookup): HttpRunner {
    const config = loadConfig({ UPSTREAM_ALLOW: '127.0.0.1', ...settings });
    const runner = new HttpRunner(config, new FixedClock(), this.log, lookup);
    this.closing.push(() => runner.onApplicationShutdown());
    return runner;
  }

  async another(): Promise<Upstream> {
    const one = await new Upstream().listen();
    this.closing.push(() => one.close());
    return one;
  }

  run(more: Parameters<typeof callOf>[1] = {}, path = '/hook'): Promise<RunResult> {
    return this.runnerWith().run(callOf(`http://127.0.0.1:${this.upstream.port}${path}`, more));
  }

  async close(): Promise<void> {
    for (const close of this.closing.splice(0).reverse()) await close();
  }
}
