import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { BODY_BYTES_MAX, Problem } from '@tollgate/contracts';
import { Config, faultOf, HostedServices, Log, sendProblem } from '@tollgate/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Agent, type Dispatcher } from 'undici';
import { passedOn, requestHeaders } from './forward-headers.js';
import { FORWARDED_PATHS, ownersApart } from './forwarded-paths.js';

const CONNECT_TIMEOUT_MS = 2_000;
/** How long an owner may take to begin its answer: a report over a year, at worst. A revoke waits ten seconds. */
const HEADERS_TIMEOUT_MS = 60_000;
const BODY_TIMEOUT_MS = 60_000;
const CONNECTIONS_PER_OWNER = 128;
/** Requests under way to all owners together; beyond it the gateway says that it is busy. */
const UNDER_WAY_MAX = 1_000;
const RETRY_AFTER_SECONDS = 5;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * A gateway alone passes on what it does not own, to the services at `KEYS_URL`, `BILLING_URL` and `LOGS_URL`. It streams
 * both ways and judges nothing: each service checks the caller itself. Cookies, ids and answers pass unchanged; what is
 * of one connection alone does not, nor does the header by which services know each other. An owner that cannot be
 * reached is a 503 in the shape of the path's generation. Nothing is tried twice: a POST may have been done.
 */
@Injectable()
export class Forward implements OnModuleInit, OnApplicationShutdown {
  private readonly agent = new Agent({
    connections: CONNECTIONS_PER_OWNER,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
  });
  private underWay = 0;

  constructor(
    private readonly server: HttpAdapterHost,
    private readonly config: Config,
    private readonly hosted: HostedServices,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    const fastify = this.server.httpAdapter.getInstance<FastifyInstance>();
    void fastify.register((scope, _options, done) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, body, parsed) => parsed(null, body));
      for (const [service, url] of ownersApart(this.config, this.hosted)) {
        const handler = (request: FastifyRequest, reply: FastifyReply) => this.pass(service, url, request, reply);
        for (const path of FORWARDED_PATHS[service]) {
          scope.route({ method: METHODS, url: path, handler });
          scope.route({ method: METHODS, url: `${path}/*`, handler });
        }
      }
      done();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  private async pass(service: string, url: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (this.underWay >= UNDER_WAY_MAX) throw unavailable(new Error('too many requests are passed on already'));
    this.underWay += 1;
    const gone = new AbortController();
    const onClose = () => gone.abort();
    reply.raw.once('close', onClose);
    try {
      const answer = await this.ask(url, request, gone.signal).catch((cause: Error) => {
        if (cause instanceof Problem) throw cause;
        if (!gone.signal.aborted) {
          this.log.warn(`the ${service} service does not answer`, { requestId: request.id, fault: faultOf(cause) });
        }
        throw unavailable(cause);
      });
      await answerWith(answer, request, reply);
    } catch (error) {
      if (reply.raw.headersSent) return void reply.raw.destroy();
      if (reply.sent && !(error instanceof Problem)) throw error;
      sendProblem(error instanceof Problem ? error : unavailable(error as Error), request, reply);
    } finally {
      reply.raw.off('close', onClose);
      this.underWay -= 1;
    }
  }

  private async ask(url: string, request: FastifyRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const body = request.body as Readable | undefined;
    if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) throw new Problem('payloadTooLarge');
    return this.agent.request({
      origin: url,
      path: request.raw.url ?? '/',
      method: request.method as Dispatcher.HttpMethod,
      headers: requestHeaders(request.headers, {
        requestId: request.id,
        peer: request.socket.remoteAddress ?? '',
        isPeerTrusted: (request.ips?.length ?? 0) > 1,
      }),
      body: body ? Readable.from(bounded(body, BODY_BYTES_MAX)) : null,
      signal,
    });
  }
}

async function answerWith(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  reply.hijack();
  reply.raw.writeHead(statusCode, { ...passedOn(headers), 'x-request-id': request.id });
  await pipeline(body, reply.raw);
}

/** Ends a body that has no length and goes on and on. */
async function* bounded(body: Readable, bytesMax: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Problem('payloadTooLarge');
    yield chunk;
  }
}

function unavailable(cause: Error): Problem {
  return new Problem('unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
}
