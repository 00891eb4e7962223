import { Controller, Get, type OnApplicationShutdown } from '@nestjs/common';
import { AdminRoute } from '@tollgate/access';
import { healthReportSchema, type ServiceHealthView } from '@tollgate/contracts';
import { Config, HostedServices } from '@tollgate/service-kit';
import { Agent, request } from 'undici';

/** Longer than a part may take to say how it is, so that a service with one silent part is not taken for an absent one. */
const TIMEOUT_MS = 3_000;
const ANSWER_BYTES_MAX = 256 * 1024;

/** How the services that this gateway passes on to are, for the operator: their own health is not for clients. */
@Controller('api/v1/admin/services')
@AdminRoute()
export class ServicesController implements OnApplicationShutdown {
  private readonly agent = new Agent({ maxResponseSize: ANSWER_BYTES_MAX, connect: { timeout: TIMEOUT_MS } });

  constructor(
    private readonly config: Config,
    private readonly hosted: HostedServices,
  ) {}

  /** Those that run apart; in one process there are none, and its own health tells all. Never rejects for one that is away. */
  @Get()
  async list(): Promise<{ success: true; services: ServiceHealthView[] }> {
    const { KEYS_URL: keys, BILLING_URL: billing, LOGS_URL: logs } = this.config;
    const urls = Object.entries({ keys, billing, logs }) as [ServiceHealthView['name'], string | undefined][];
    const apart = urls.filter(([name]) => !this.hosted.has(name));
    const asked = apart.flatMap(([name, url]) => (url === undefined ? [] : [this.ask(name, url)]));
    return { success: true, services: await Promise.all(asked) };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  private async ask(name: ServiceHealthView['name'], url: string): Promise<ServiceHealthView> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const { body } = await request(`${url}/health/ready`, { dispatcher: this.agent, signal });
      return { name, ...healthReportSchema.parse(await body.json()) };
    } catch {
      return { name, status: 'away', parts: {} };
    }
  }
}
