import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ApiDocument, Clock, Config, faultOf, HostedServices, Log, type OpenApi } from '@tollgate/service-kit';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { type ForwardedService, ownerOf, ownersApart } from './forwarded-paths.js';

/** How long what the services said holds, and how long a silent one is not asked again. */
const FRESH_MS = 5_000;
const ANSWER_TIMEOUT_MS = 2_000;
const DOCUMENT_BYTES_MAX = 8 * 1024 * 1024;

const documentSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/**
 * A gateway is all that clients reach of a fleet, so its `/openapi.json` tells of what it passes on, too (contract A5):
 * the services' own documents, asked anew at a reading, at most every five seconds. One that is silent is told of by
 * what it said last; one that has said nothing yet is named in the description and in `x-incomplete`.
 */
@Injectable()
export class FleetDocument implements OnModuleInit, OnApplicationShutdown {
  private readonly agent = new Agent({
    connect: { timeout: ANSWER_TIMEOUT_MS },
    maxResponseSize: DOCUMENT_BYTES_MAX,
  });
  private readonly paths = new Map<ForwardedService, OpenApi['paths']>();
  private askedAtMs = -Infinity;
  private asked: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly document: ApiDocument,
    private readonly config: Config,
    private readonly hosted: HostedServices,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    const owners = ownersApart(this.config, this.hosted);
    if (owners.length > 0) this.document.completeBy((own) => this.complete(own, owners));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  private async complete(own: OpenApi, owners: [ForwardedService, string][]): Promise<OpenApi> {
    const nowMs = this.clock.nowMs();
    if (nowMs - this.askedAtMs >= FRESH_MS) {
      this.askedAtMs = nowMs;
      this.asked = Promise.all(owners.map(([service, url]) => this.ask(service, url)));
    }
    await this.asked;
    const all = Object.assign({}, ...this.paths.values(), own.paths) as OpenApi['paths'];
    // What services ask each other is no client's to see.
    const paths = Object.fromEntries(Object.entries(all).filter(([path]) => !path.startsWith('/internal/')));
    const missing = owners.map(([service]) => service).filter((service) => !this.paths.has(service));
    if (missing.length === 0) return { ...own, paths };
    const description = `${own.info.description}\n\n**Incomplete:** the routes of ${missing.join(', ')} are missing here, for nothing answers there. Ask again soon.`;
    return { ...own, info: { ...own.info, description }, 'x-incomplete': missing, paths };
  }

  /** Never rejects. */
  private async ask(service: ForwardedService, url: string): Promise<void> {
    try {
      const { statusCode, body } = await request(`${url}/openapi.json`, {
        dispatcher: this.agent,
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`it answered ${statusCode}`);
      const { paths } = documentSchema.parse(JSON.parse(text));
      this.paths.set(service, Object.fromEntries(Object.entries(paths).filter(([path]) => ownerOf(path) === service)));
    } catch (cause) {
      this.log.warn(`the ${service} service does not tell of its routes`, { fault: faultOf(cause as Error) });
    }
  }
}
