import type { INestApplicationContext } from '@nestjs/common';
import { AdminKeyGuard, SessionGuard } from '@tollgate/access';
import type { RouteSpec } from '@tollgate/contracts';
import type { FastifyInstance } from 'fastify';

/**
 * On each managing route that is added from now on, judges who calls before a byte of the body is read: a stranger gets
 * his 401, whatever he sends, and is not read for. Guards come behind the parser, and find it done.
 */
export function judgeFirst(fastify: FastifyInstance, routes: readonly RouteSpec[], app: INestApplicationContext): void {
  const auths = new Map(
    routes.filter(({ method }) => method !== 'GET').map(({ method, path, auth }) => [`${method} ${path}`, auth]),
  );
  fastify.addHook('onRoute', (options) => {
    const auth = auths.get(`${[options.method].flat()[0]} ${options.url}`);
    const before = [options.onRequest ?? []].flat();
    if (auth === 'session') {
      options.onRequest = [...before, async (request, reply) => app.get(SessionGuard).judge(request, reply)];
    } else if (auth === 'admin-key') {
      options.onRequest = [...before, async (request) => app.get(AdminKeyGuard).judge(request)];
    }
  });
}
