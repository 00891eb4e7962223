import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort, type FreshDatabase, freshDatabase } from '@tollgate/testing';
import pg from 'pg';
import { ADMIN_API_KEY } from './running-platform.js';

export const SERVICES = ['keys', 'gateway', 'billing', 'logs'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Who serves what, as a proxy in front of them would know it; keys has the rest. */
const SERVED_BY: [RegExp, ServiceName][] = [
  [/^\/api\/(workflows|jobs)/, 'gateway'],
  [/^\/api\/(billing|users\/me\/usage-limits|v1\/admin\/prices)/, 'billing'],
  [/^\/api\/(v1\/)?logs/, 'logs'],
];

/** A service's own main in a process of its own, with nothing in its environment but what is given. */
export function launch(name: ServiceName, env: Record<string, string>): { child: ChildProcess; output(): string } {
  const main = join(import.meta.dirname, `../../${name}/dist/main.js`);
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const keep = (chunk: Buffer) => (text += chunk.toString());
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return { child, output: () => text };
}

/** The four services as processes of their own, on one database. */
export class ServicesApart {
  private constructor(
    private readonly database: FreshDatabase,
    private readonly dataDir: string,
    private readonly ports: Record<ServiceName, number>,
    private readonly children: ChildProcess[],
  ) {}

  static async start(): Promise<ServicesApart> {
    const database = await freshDatabase();
    const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-apart-'));
    const ports = {
      keys: await freePort(),
      gateway: await freePort(),
      billing: await freePort(),
      logs: await freePort(),
    };
    const shared = {
      DATABASE_URL: database.url,
      DATABASE_POOL_MAX: '3',
      DATA_DIR: dataDir,
      KEYS_URL: `http://127.0.0.1:${ports.keys}`,
      BILLING_URL: `http://127.0.0.1:${ports.billing}`,
      LOGS_URL: `http://127.0.0.1:${ports.logs}`,
      MASTER_KEYS: 'ab'.repeat(32),
      KEY_PEPPERS: 'pepper-of-the-tests-with-32-characters',
      AUTH_SECRET: 'auth-secret-of-the-tests-with-40-characters',
      ADMIN_API_KEY,
      APART_WITHOUT_REDIS: 'on',
    };
    const running = SERVICES.map((name) => launch(name, { ...shared, PORT: String(ports[name]) }));
    const apart = new ServicesApart(
      database,
      dataDir,
      ports,
      running.map(({ child }) => child),
    );
    const isReady = async ({ child, output }: ReturnType<typeof launch>, index: number) => {
      if (child.exitCode !== null) throw new Error(`${SERVICES[index]} ended:\n${output()}`);
      const response = await fetch(`${apart.addressOf(SERVICES[index]!)}/health/ready`);
      if (response.status !== 200) throw new Error(`${SERVICES[index]}: ${await response.text()}`);
    };
    await eventually(() => Promise.all(running.map(isReady)), { timeoutMs: 60_000, everyMs: 50 }).catch(
      async (error: unknown) => {
        await apart.dispose();
        throw error;
      },
    );
    return apart;
  }

  addressOf(name: ServiceName): string {
    return `http://127.0.0.1:${this.ports[name]}`;
  }

  get url(): string {
    return this.addressOf('keys');
  }

  urlOf(path: string): string {
    return this.addressOf(SERVED_BY.find(([pattern]) => pattern.test(path))?.[1] ?? 'keys');
  }

  /** Runs `work` while the database lets nobody in, those who were in included. */
  async databaseAway(work: () => Promise<void>): Promise<void> {
    const name = new URL(this.database.url).pathname.slice(1);
    const server = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
    await server.connect();
    try {
      await server.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await server.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
      await work();
    } finally {
      await server.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
      await server.end();
    }
  }

  /** Ends them in order; resolves with their exit codes. */
  async stop(): Promise<(number | null)[]> {
    return Promise.all(
      this.children.map(async (child) => {
        if (child.exitCode === null && child.signalCode === null) {
          const gone = once(child, 'exit');
          child.kill('SIGTERM');
          await gone;
        }
        return child.exitCode;
      }),
    );
  }

  async dispose(): Promise<void> {
    await this.stop();
    await this.database.drop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
