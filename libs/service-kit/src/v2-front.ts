import { isV2Path, Problem } from '@tollgate/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendProblem } from './problems.filter.js';

interface Served {
  segments: readonly string[];
  methods: Set<string>;
}

/**
 * What holds on every path, method and fault under `/api/v2` (contract A1 row 7, A6 "Caching", B2): answers are kept by
 * nobody, unknown paths are a 404 and known ones under another method a 405 that lists those they have, both before a
 * body is read. Call before the routes are added.
 */
export function serveV2Front(fastify: FastifyInstance): void {
  const served = new Map<string, Served>();
  fastify.addHook('onRoute', ({ method, url }) => {
    if (!isV2Path(url)) return;
    const known = served.get(url) ?? { segments: segmentsOf(url), methods: new Set<string>() };
    for (const each of [method].flat()) known.methods.add(each);
    served.set(url, known);
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!isV2Path(request.url) && !isEscapedV2(request)) return done();
    reply.header('cache-control', 'private, no-store');
    if (!request.is404) return done();
    const methods = methodsOf(served.values(), request.url);
    const problem =
      methods.length === 0
        ? new Problem('notFound')
        : new Problem('methodNotAllowed', { headers: { allow: methods.join(', ') } });
    sendProblem(problem, request, reply);
  });
}

/** An escaped path is still the route's. Asked only where one is: this runs for every request of every route. */
function isEscapedV2(request: FastifyRequest): boolean {
  return request.url.includes('%') && isV2Path(request.routeOptions?.url ?? '');
}

function methodsOf(served: Iterable<Served>, url: string): string[] {
  const asked = segmentsOf(url.split('?')[0]!);
  const methods = [...served].filter(({ segments }) => isMatch(segments, asked)).flatMap((known) => [...known.methods]);
  return [...new Set(methods)].sort();
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function isMatch(pattern: readonly string[], asked: readonly string[]): boolean {
  return (
    pattern.length === asked.length &&
    pattern.every((segment, nth) => segment.startsWith(':') || segment === asked[nth])
  );
}
