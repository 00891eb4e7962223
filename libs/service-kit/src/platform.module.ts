import { type DynamicModule, Global, Module, type Provider } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import {
  ACCESS_PROVIDERS,
  AccessSettings,
  Admission,
  Directory,
  Fleet,
  KeyAuthenticator,
  Quota,
  RunArchive,
  Sessions,
} from '@tollgate/access';
import { EventLog, LogEnds } from '@tollgate/event-log';
import { ApiDocument } from './api-document.js';
import { Clock, SystemClock } from './clock.js';
import { Commit } from './commit.js';
import { Config } from './config.js';
import { Databases } from './database.js';
import { KEEPER } from './directory-lookup-route.js';
import { Health } from './health.js';
import { HostedServices } from './hosted-services.js';
import { InternalSecret } from './internal-secret.js';
import { KeyUse } from './key-use.js';
import { Log } from './log.js';
import { Metrics } from './metrics.js';
import { NotingKeyAuthenticator } from './noting-key-authenticator.js';
import type { Platform } from './platform.js';
import { PlansInForce } from './plans-in-force.js';
import { RemoteRunArchive } from './remote-run-archive.js';
import { RemoteSessions } from './remote-sessions.js';
import type { Service } from './service.js';
import { Secrets } from './secrets.js';

/** Gives every service the same things by the same names: ports, configuration, clock, health, metrics. */
@Global()
@Module({})
export class PlatformModule {
  static forHost(platform: Platform, services: readonly Service[]): DynamicModule {
    const { config, log, directory, peppers } = platform;
    const clock = new SystemClock();
    const values: [unknown, unknown][] = [
      [Config, config],
      [Log, log],
      [Clock, clock],
      [Databases, platform.databases],
      [EventLog, platform.eventLog],
      [LogEnds, platform.logEnds],
      [Directory, directory],
      [Admission, platform.admission],
      [Quota, platform.quota],
      [PlansInForce, platform.plans],
      [Fleet, platform.fleet],
      [HostedServices, new HostedServices(services)],
      [InternalSecret, new InternalSecret(config, peppers)],
      [KEEPER, platform.keeper],
      [Secrets, new Secrets(platform.masterKeys, peppers)],
      [
        AccessSettings,
        {
          publicUrl: config.publicUrl,
          adminApiKey: config.ADMIN_API_KEY,
          peppers,
          keyPrefix: config.KEY_PREFIX,
          payerRule: config.PAYER_RULE,
          trustedProxies: config.TRUSTED_PROXIES,
        } satisfies AccessSettings,
      ],
    ];
    const providers: Provider[] = [
      ...values.map(([provide, useValue]) => ({ provide, useValue }) as Provider),
      ...ACCESS_PROVIDERS,
      KeyUse,
      {
        provide: KeyAuthenticator,
        inject: [Directory, AccessSettings, KeyUse],
        useFactory: (entries: Directory, settings: AccessSettings, use: KeyUse) =>
          new NotingKeyAuthenticator(entries, settings, use),
      },
      ApiDocument,
      Commit,
      Metrics,
      {
        provide: Health,
        useFactory: () => {
          const health = new Health(directory, platform.databases);
          for (const following of platform.followings) health.addFollower(following);
          return health;
        },
      },
      ...(services.some((service) => service.providesSessions)
        ? []
        : [{ provide: Sessions, useClass: RemoteSessions }]),
      ...(services.some((service) => service.providesRunArchive)
        ? []
        : [{ provide: RunArchive, useClass: RemoteRunArchive }]),
    ];
    return {
      module: PlatformModule,
      imports: [CqrsModule.forRoot()],
      providers,
      exports: [...providers.map((provider) => ('provide' in provider ? provider.provide : provider)), CqrsModule],
    };
  }
}
