import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RouteSpec } from '@tollgate/contracts';
import type { Config } from './config.js';
import { Databases } from './database.js';
import { serveDocs } from './docs.js';
import { createHttpServer } from './http-server.js';
import { HealthController } from './health.js';
import { type Log, nestLoggerOf } from './log.js';
import { MetricsController } from './metrics.js';
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
  /** Stops taking requests, ends what runs, closes what was opened. Safe to call twice. */
  stop(): Promise<void>;
}

/** Routes that every process has. */
@Module({ controllers: [HealthController, MetricsController] })
class OwnRoutesModule {}

/**
 * Makes modules a running service: the one place where global filters are set. Resolves when it answers correctly:
 * migrations run, the directory is caught up. `pageFolder` holds the built dashboard, to be served beside the routes. On a failure everything opened is closed again and it rejects.
 */
export async function startService(
  services: readonly Service[],
  config: Config,
  log: Log,
  pageFolder?: string,
): Promise<RunningService> {
  const platform = await Platform.open(config, log);
  let app: NestFastifyApplication | undefined;
  try {
    const host: DynamicModule = {
      module: class TollgateHost {},
      imports: [
        PlatformModule.forHost(
          platform,
          services.some((service) => service.providesSessions),
        ),
        OwnRoutesModule,
        ...services.map((service) => service.module),
      ],
      providers: [{ provide: APP_FILTER, useValue: new ProblemsFilter(log) }],
    };
    app = await NestFactory.create<NestFastifyApplication>(host, createHttpServer(config.TRUSTED_PROXIES), {
      bodyParser: false,
      logger: nestLoggerOf(log),
      abortOnError: false,
    });
    const routes = services.flatMap((service) => [...service.routes]);
    serveDocs(app, routes, config);
    if (pageFolder !== undefined) serveDashboard(app, pageFolder);
    await app.init();
    await platform.ready();
    await app.listen(config.PORT, config.HOST);
    return running(app, platform, routes);
  } catch (error) {
    await app?.close().catch(() => undefined);
    await platform.close();
    throw error;
  }
}

function running(app: NestFastifyApplication, platform: Platform, routes: RouteSpec[]): RunningService {
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await app.close();
    await app.get(Databases).close();
    await platform.close();
  };
  const address = app.getHttpServer().address() as { address: string; port: number };
  const host = address.address.includes(':') ? `[${address.address}]` : address.address;
  return { app, url: `http://${host}:${address.port}`, routes, stop: () => (stopping ??= stop()) };
}
