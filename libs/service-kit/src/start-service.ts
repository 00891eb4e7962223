import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RouteSpec } from '@tollgate/contracts';
import type { FastifyInstance } from 'fastify';
import { AsyncApiController } from './asyncapi.controller.js';
import type { Config } from './config.js';
import { DirectoryLookupController, lookupRoutes } from './directory-lookup-route.js';
import { serveDocs } from './docs.js';
import { createHttpServer, limitBodies } from './http-server.js';
import { HealthController } from './health.js';
import { type Log, nestLoggerOf } from './log.js';
import { judgeFirst } from './judge-first.js';
import { MetricsController } from './metrics.js';
import { ownRoutes } from './own-routes.js';
import { Platform } from './platform.js';
import { PlatformModule } from './platform.module.js';
import { ProblemsFilter } from './problems.filter.js';
import { serveDashboard } from './serve-dashboard.js';
import type { Service } from './service.js';

export interface RunningService {
  app: NestFastifyApplication;
  /** Where it listens. */
  url: string;
  /** Every route it serves, as documented. */
  routes: RouteSpec[];
  /** Every method and path that the server really answers, e.g. `GET /api/workspaces/:id`; a test holds `routes` against it. */
  served: ReadonlySet<string>;
  /** Stops taking requests, ends what runs, closes what was opened. Safe to call twice. */
  stop(): Promise<void>;
}

/** Notes each route from now on, as it is added to the server. */
function servedRoutes(app: NestFastifyApplication): ReadonlySet<string> {
  const served = new Set<string>();
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) served.add(`${each} ${url}`);
  });
  return served;
}

/** Routes that every process has. */
@Module({ controllers: [HealthController, MetricsController, AsyncApiController] })
class OwnRoutesModule {}

/** What services ask of the keys service, where there is a Redis that it answers for. */
@Module({ controllers: [DirectoryLookupController] })
class InternalRoutesModule {}

/**
 * Makes modules a running service: the one place where global filters are set. Resolves when it answers correctly:
 * migrations run, the directory is caught up. On a failure everything opened is closed again and it rejects.
 * `pageFolder` holds the built dashboard, to be served beside the routes.
 */
export async function startService(
  services: readonly Service[],
  config: Config,
  log: Log,
  pageFolder?: string,
): Promise<RunningService> {
  const platform = await Platform.open(config, log, services);
  let app: NestFastifyApplication | undefined;
  try {
    const host: DynamicModule = {
      module: class TollgateHost {},
      imports: [
        PlatformModule.forHost(platform, services),
        OwnRoutesModule,
        ...(platform.keeper ? [InternalRoutesModule] : []),
        ...services.map((service) => service.module),
      ],
      providers: [{ provide: APP_FILTER, useValue: new ProblemsFilter(log) }],
    };
    app = await NestFactory.create<NestFastifyApplication>(host, createHttpServer(config), {
      bodyParser: false,
      logger: nestLoggerOf(log),
      abortOnError: false,
    });
    const routes = [
      ...ownRoutes,
      ...(platform.keeper ? lookupRoutes : []),
      ...services.flatMap((service) => [...service.routes]),
    ];
    const served = servedRoutes(app);
    const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
    limitBodies(fastify, routes);
    judgeFirst(fastify, routes, app);
    serveDocs(app, routes, config);
    if (pageFolder !== undefined) serveDashboard(app, pageFolder);
    await app.init();
    await platform.ready();
    await app.listen(config.PORT, config.HOST);
    return running(app, platform, routes, served);
  } catch (error) {
    await app?.close().catch(() => undefined);
    await platform.close();
    throw error;
  }
}

function running(
  app: NestFastifyApplication,
  platform: Platform,
  routes: RouteSpec[],
  served: ReadonlySet<string>,
): RunningService {
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await app.close();
    await platform.close();
  };
  const address = app.getHttpServer().address() as { address: string; port: number };
  const host = address.address.includes(':') ? `[${address.address}]` : address.address;
  return { app, url: `http://${host}:${address.port}`, routes, served, stop: () => (stopping ??= stop()) };
}
