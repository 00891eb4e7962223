import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Config } from '@tollgate/service-kit';
import { launch, type OwnProcess, whenReady } from './own-process.js';
import type { StackSettings } from './stack-settings.js';

const READY_TIMEOUT_MS = 120_000;
const ANSWER_TIMEOUT_MS = 5_000;
const root = join(import.meta.dirname, '..', '..');

/** The addresses of the servers, by the settings that name them. */
export type ServerSettings = Record<'DATABASE_URL' | 'KAFKA_BROKERS' | 'REDIS_URL', string>;

/** How each service is started; the containers of docker-compose.yml run the very same commands. */
export function serviceCommand(service: string): string[] {
  return [process.execPath, '--disable-warning=TimeoutNegativeWarning', join(root, 'apps', service, 'dist', 'main.js')];
}

/** Starts keys, billing, logs and the gateways, and gives them when all say that they are ready. */
export async function startServices(
  dir: string,
  gateways: number,
  servers: ServerSettings,
  { secrets, portOf, more }: StackSettings,
  started: (process: OwnProcess) => void,
): Promise<{ services: OwnProcess[]; baseUrls: string[] }> {
  const names = ['keys', 'billing', 'logs', ...Array.from({ length: gateways }, (_, nth) => `gateway-${nth + 1}`)];
  const urls: Record<string, string> = {};
  for (const name of names) urls[name] = `http://127.0.0.1:${await portOf(name)}`;
  const known = (settings: Record<string, string | undefined>) =>
    Object.fromEntries(Object.entries(settings).filter(([name]) => Config.names.includes(name))) as Record<
      string,
      string
    >;
  const services = names.map((name) => {
    const [service = ''] = name.split('-');
    const cwd = join(dir, name);
    mkdirSync(cwd, { recursive: true });
    const url = urls[name] ?? '';
    const env = {
      PATH: process.env.PATH ?? '',
      ...known({
        ...more,
        HOST: '127.0.0.1',
        PORT: new URL(url).port,
        PUBLIC_URL: service === 'gateway' ? url : urls['gateway-1'],
        DATA_DIR: join(cwd, 'data'),
        ...servers,
        KEYS_URL: urls.keys,
        BILLING_URL: urls.billing,
        LOGS_URL: urls.logs,
        INTERNAL_SECRET: secrets.AUTH_SECRET,
        // The gateways pass on who called: guessing limits count clients, not gateways.
        ...(service !== 'gateway' && { TRUSTED_PROXIES: '127.0.0.1' }),
        // An upstream on this machine is private: whoever starts the stack may let workflows reach it.
        ...(process.env.UPSTREAM_ALLOW && { UPSTREAM_ALLOW: process.env.UPSTREAM_ALLOW }),
        ...secrets,
      }),
    };
    const made = { argv: serviceCommand(service), env, cwd, log: join(dir, `${name}.log`) };
    const process_: OwnProcess = { name, kind: 'service', pid: launch(made), url, ...made };
    started(process_);
    return process_;
  });
  await Promise.all(services.map((service) => serviceReady(service)));
  return { services, baseUrls: names.filter((name) => name.startsWith('gateway-')).map((name) => urls[name] ?? '') };
}

/** Resolves when the service would answer correctly. */
export function serviceReady({ name, pid, url, log }: OwnProcess, timeoutMs = READY_TIMEOUT_MS): Promise<void> {
  const answers = async () => {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    if (answer.status !== 200) throw new Error((await answer.text()).slice(0, 500));
  };
  return whenReady({ name: `${name} at ${url}`, pid, answers, timeoutMs, logs: [log] });
}
