import type { IncomingMessage } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { BODY_BYTES_MAX, Problem, type RouteSpec } from '@tollgate/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { nanoid } from 'nanoid';
import type { Socket } from 'node:net';
import type { Config } from './config.js';
import { sendProblem, toProblem } from './problems.filter.js';
import { answerUnreadable } from './unreadable-request.js';
import { serveV2Front } from './v2-front.js';

const KEEP_ALIVE_TIMEOUT_MS = 72_000;
const HEADERS_TIMEOUT_MS = 60_000;
/** How often connections are looked at for requests that take too long to arrive: a fifth of their time, within these bounds. */
const CHECK_MS = { least: 200, most: 5_000 };
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * The HTTP server of every service: JSON bodies alone, bounded in size and time, an `x-request-id` on every answer
 * (contract B2). A body is parsed once; an empty one counts as absent.
 */
export function createHttpServer(config: Pick<Config, 'TRUSTED_PROXIES' | 'REQUEST_TIMEOUT_MS'>): FastifyAdapter {
  const { TRUSTED_PROXIES: trustedProxies, REQUEST_TIMEOUT_MS: requestTimeout } = config;
  const connectionsCheckingInterval = Math.min(CHECK_MS.most, Math.max(CHECK_MS.least, requestTimeout / 5));
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    requestTimeout,
    // Node swaps the two times when that of the headers is the longer one.
    http: { connectionsCheckingInterval, headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeout) },
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
    forceCloseConnections: 'idle',
    // What Fastify refuses before any route (an undecodable URL) leaves in the contract's shape too.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(toProblem(error), request, reply),
    clientErrorHandler: (error: Error, socket: Socket) => answerUnreadable(error, socket),
    genReqId: (request: IncomingMessage) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : nanoid();
    },
  });
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  serveV2Front(fastify);
  useJsonBodies(fastify);
  return adapter;
}

/** Gives each route that is added from now on the body limit that its description asks for. */
export function limitBodies(fastify: FastifyInstance, routes: readonly RouteSpec[]): void {
  const asked = new Map(routes.map((route) => [`${route.method} ${route.path}`, route.bodyBytesMax]));
  fastify.addHook('onRoute', (options) => {
    const bytesMax = asked.get(`${[options.method].flat()[0]} ${options.url}`);
    if (bytesMax !== undefined) options.bodyLimit ??= bytesMax;
  });
}

function useJsonBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  // Content types match by essence, so `application/json; charset=utf-8` is meant too.
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, parseJson(body as Buffer));
  });
}

/** Throws the invalid-JSON Problem; empty is undefined. `__proto__` members are dropped, since objects are copied on. */
export function parseJson(body: Buffer | string): unknown {
  if (body.length === 0) return undefined;
  try {
    const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body);
    if (!text.includes('__proto__')) return JSON.parse(text);
    return JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : value));
  } catch (cause) {
    throw new Problem('invalidJson', { cause });
  }
}
