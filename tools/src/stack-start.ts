import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownByFile } from '@tollgate/service-kit';
import { startKafka } from './kafka-broker.js';
import { type OwnProcess, stopProcess } from './own-process.js';
import { startPostgres } from './postgres-server.js';
import { startRedis } from './redis-server.js';
import { livePids, readStack, type StackFile, stackPath, writeStack } from './stack-file.js';
import { startServices } from './stack-services.js';
import { stackSettings } from './stack-settings.js';
import { installSystemPackages } from './system-packages.js';

export interface StackOptions {
  /** An absolute path. */
  dir: string;
  gateways: number;
  /** Settings of the services (`BILLING`, `PLANS_FILE`, …) beside those that the stack makes itself. */
  settings?: Readonly<Record<string, string>>;
  say: (line: string) => void;
}

/**
 * Starts the distributed form: Kafka, Redis, PostgreSQL, and each service as a process of its own, with N gateways.
 * Resolves when all are ready, and `stack.json` is there then. Rejects with what went wrong, and what had been started is
 * ended. A second start in one folder is refused while anything of the first lives; after a stop it goes on with its data.
 */
export async function startStack({ dir, gateways, say, settings: more = {} }: StackOptions): Promise<StackFile> {
  mkdirSync(dir, { recursive: true, mode: 0o711 });
  const release = own(dir);
  const started: OwnProcess[] = [];
  const note = <T extends OwnProcess>(process: T): T => {
    started.push(process);
    return process;
  };
  try {
    refuseSecond(dir);
    await installSystemPackages(say);
    rmSync(stackPath(dir), { force: true });
    const settings = stackSettings(dir, more);
    say('starting Kafka, Redis and PostgreSQL');
    const servers = await allOrError<OwnProcess>([
      startKafka({ dir: join(dir, 'kafka') }).then(note),
      settings
        .portOf('redis')
        .then((port) => startRedis({ dir: join(dir, 'redis'), port, args: ['--set-proc-title', 'no'] }))
        .then(note),
      settings
        .portOf('postgres')
        .then((port) => startPostgres({ dir: join(dir, 'postgres'), port }))
        .then(note),
    ]);
    const [kafka, redis, postgres] = servers as [OwnProcess, OwnProcess, OwnProcess];
    say(`starting keys, billing, logs and ${gateways} gateway${gateways === 1 ? '' : 's'}`);
    const addresses = { DATABASE_URL: postgres.url, KAFKA_BROKERS: kafka.url, REDIS_URL: redis.url };
    const { services, baseUrls } = await startServices(dir, gateways, addresses, settings, note);
    const stack = { baseUrls, adminApiKey: settings.secrets.ADMIN_API_KEY, processes: [...servers, ...services] };
    writeStack(dir, stack);
    return stack;
  } catch (error) {
    await Promise.all(started.map(({ name, pid }) => stopProcess(name, pid).catch(() => undefined)));
    throw error;
  } finally {
    release();
  }
}

/** One start or stop at a time. */
export function own(dir: string): () => void {
  try {
    return ownByFile(join(dir, 'stack.pid'), dir);
  } catch (error) {
    throw new Error(
      `A stack is being started or stopped in ${dir} at this moment: wait for it, or name another --dir`,
      {
        cause: error,
      },
    );
  }
}

function refuseSecond(dir: string): void {
  const alive = (readStack(dir)?.processes ?? []).filter((process) => livePids(process).length > 0);
  if (alive.length === 0) return;
  throw new Error(
    `A stack runs in ${dir} already (${alive.map(({ name }) => name).join(', ')}). ` +
      'End it by "npm run stack:stop", or name another --dir.',
  );
}

/** Waits for all, so that whatever was started is known when one of them fails. */
async function allOrError<T>(work: Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
  return settled.map((each) => (each as PromiseFulfilledResult<T>).value);
}
