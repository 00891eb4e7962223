import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gateway } from '@tollgate/gateway';
import { keys } from '@tollgate/keys';
import { loadConfig, PinoLog, type RunningService, type Service, startService } from '@tollgate/service-kit';
import { Cable, eventually, freePort, type FreshDatabase, freshDatabase, OwnRedis } from '@tollgate/testing';
import type { Place } from './person.js';
import { ADMIN_API_KEY } from './running-platform.js';
import { launch } from './services-apart.js';

/** Short, so that a lease that runs out is waited for in a test. */
const LEASE_MS = '600';

/** Where a person of these tests goes: workflows to one gateway, the rest to keys. */
class Way implements Place {
  constructor(
    readonly url: string,
    private readonly gatewayUrl: string,
  ) {}
  urlOf(path: string): string {
    return path.startsWith('/api/workflows') ? this.gatewayUrl : this.url;
  }
}

/**
 * The keys service and two gateways as three services of their own, on one database and one Redis. The first gateway
 * reaches Redis by a cable of its own, and both reach keys by another.
 */
export class FleetOnRedis {
  private constructor(
    readonly redis: OwnRedis,
    readonly redisCable: Cable,
    readonly keysCable: Cable,
    readonly database: FreshDatabase,
    private readonly dataDir: string,
    readonly keys: RunningService,
    readonly gateways: readonly [RunningService, RunningService],
    private readonly settingsOf: (name: string) => Record<string, string>,
  ) {}

  static async start(): Promise<FleetOnRedis> {
    const [database, redis, port] = [await freshDatabase(), await OwnRedis.start(), await freePort()];
    const redisCable = await Cable.to(redis.port);
    const keysCable = await Cable.to(port);
    const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-fleet-'));
    const settingsOf = (name: string) => ({
      NODE_ENV: 'test',
      PORT: '0',
      DATABASE_URL: database.url,
      DATABASE_POOL_MAX: '4',
      DATA_DIR: join(dataDir, name),
      REDIS_URL: redis.url,
      KEYS_URL: `http://127.0.0.1:${keysCable.port}`,
      LEASE_MS,
      MASTER_KEYS: 'ab'.repeat(32),
      KEY_PEPPERS: 'pepper-of-the-tests-with-32-characters',
      AUTH_SECRET: 'auth-secret-of-the-tests-with-40-characters',
      ADMIN_API_KEY,
    });
    const start = (service: Service, name: string, settings: Record<string, string>) =>
      startService([service], loadConfig({ ...settingsOf(name), ...settings }), new PinoLog('silent', name));
    const running = await start(keys, 'keys', { PORT: String(port) });
    const gateways = await Promise.all([
      start(gateway, 'gateway-1', { REDIS_URL: `redis://127.0.0.1:${redisCable.port}` }),
      start(gateway, 'gateway-2', {}),
    ]);
    return new FleetOnRedis(redis, redisCable, keysCable, database, dataDir, running, gateways, settingsOf);
  }

  /** The place as seen through the first or the second gateway. */
  through(nth: 0 | 1): Place {
    return new Way(this.keys.url, this.gateways[nth].url);
  }

  /** One more gateway, as a process of its own, which can be stopped. */
  async gatewayProcess(): Promise<{ url: string; child: ChildProcess }> {
    const port = await freePort();
    const { child, output } = launch('gateway', { ...this.settingsOf('gateway-3'), PORT: String(port) });
    const url = `http://127.0.0.1:${port}`;
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(output());
        expect((await fetch(`${url}/health/ready`)).status).toBe(200);
      },
      { timeoutMs: 25_000, everyMs: 50 },
    );
    return { url, child };
  }

  async dispose(): Promise<void> {
    this.redisCable.mend();
    this.keysCable.mend();
    await Promise.all(this.gateways.map((each) => each.stop()));
    await this.keys.stop();
    await this.redisCable.dispose();
    await this.keysCable.dispose();
    await this.redis.dispose();
    await this.database.drop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
