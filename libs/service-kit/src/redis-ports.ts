import { readFile } from 'node:fs/promises';
import {
  type AnyRedis,
  DirectoryKeeper,
  openRedis,
  type Plans,
  type RedisAddress,
  RedisAdmission,
  RedisCounters,
  RedisDirectory,
  RedisDirectoryStore,
  RedisFleet,
  RedisQuota,
} from '@tollgate/access';
import { newId } from '@tollgate/api-key';
import type { EventLog } from '@tollgate/event-log';
import type { Config } from './config.js';
import { HttpDirectoryLookup } from './http-directory-lookup.js';
import { InternalSecret } from './internal-secret.js';
import type { Log } from './log.js';

/** How long a start waits for the log to be folded, and then for Redis to hold it. */
const CATCH_UP_TIMEOUT_MS = 120_000;
const CONFIRMED_TIMEOUT_MS = 10_000;

export interface RedisPortsOptions {
  config: Config;
  log: Log;
  eventLog: EventLog;
  peppers: readonly string[];
  plans: Plans;
  /** What the process is called in receipts. */
  name: string;
  /** Whether the keys service runs in this process: it keeps the directory in Redis, and answers while Redis cannot. */
  isKeeper: boolean;
}

/** Directory, fleet and admission on Redis (`REDIS_URL`): one connection and what this process runs on it. */
export class RedisPorts {
  private constructor(
    private readonly redis: AnyRedis,
    readonly directory: RedisDirectory,
    readonly fleet: RedisFleet,
    readonly admission: RedisAdmission,
    readonly quota: RedisQuota,
    readonly keeper: DirectoryKeeper | undefined,
    private readonly lookup: HttpDirectoryLookup | undefined,
    private readonly log: Log,
  ) {}

  /** Throws an error that says what is wrong with `REDIS_URL` or `REDIS_CA_FILE`. */
  static async open(options: RedisPortsOptions): Promise<RedisPorts> {
    const { config, log, eventLog, peppers, plans, name, isKeeper } = options;
    const redis = await openRedis(await redisAddressOf(config, config.REDIS_URL as string));
    const store = new RedisDirectoryStore(redis);
    const keeper = isKeeper ? new DirectoryKeeper({ eventLog, store, log: log.pino }) : undefined;
    const lookup =
      keeper || config.KEYS_URL === undefined
        ? undefined
        : new HttpDirectoryLookup(config.KEYS_URL, new InternalSecret(config, peppers));
    const asked = keeper ?? lookup;
    const directory = new RedisDirectory({
      store,
      member: `${name}-${newId()}`,
      leaseMs: config.LEASE_MS,
      log: log.pino,
      ...(asked && { lookup: asked }),
    });
    const counters = new RedisCounters({ redis, plans });
    const [admission, quota] = [new RedisAdmission(counters), new RedisQuota(counters)];
    return new RedisPorts(redis, directory, new RedisFleet(store), admission, quota, keeper, lookup, log);
  }

  /** Resolves when this process would answer correctly, or when it has waited long enough for it. */
  async ready(): Promise<void> {
    await this.keeper?.ready(CATCH_UP_TIMEOUT_MS);
    await this.directory.ready(CONFIRMED_TIMEOUT_MS).catch((error: Error) => {
      // Not a reason to end: it is made whole by the keys service, and health tells meanwhile.
      this.log.warn('started without a directory in Redis that is whole', { fault: error.message });
    });
  }

  async close(): Promise<void> {
    await this.directory.stop();
    await this.keeper?.stop();
    await this.admission.close();
    this.fleet.close();
    await this.lookup?.close();
    this.redis.close();
  }
}

/** A Redis of this configuration's: certificates are checked as those of `REDIS_URL`. Throws when `REDIS_CA_FILE` cannot be read. */
export async function redisAddressOf(config: Config, url: string, setting = 'REDIS_URL'): Promise<RedisAddress> {
  return { url, ca: await caOf(config), setting };
}

async function caOf({ REDIS_CA_FILE: path }: Config): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`REDIS_CA_FILE: cannot read ${path} (${cause.code})`, { cause });
  });
}
