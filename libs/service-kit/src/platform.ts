import { readFile } from 'node:fs/promises';
import { parseMasterKeys, parsePeppers, type MasterKey } from '@tollgate/api-key';
import {
  type Admission,
  type Directory,
  type DirectoryKeeper,
  type Fleet,
  type Plans,
  type Quota,
  MemoryAdmission,
  MemoryCounters,
  MemoryDirectory,
  MemoryFleet,
  MemoryQuota,
  parsePlans,
} from '@tollgate/access';
import { CONTROL_TOPICS } from '@tollgate/contracts';
import type { EventLog, Following, LogEnds } from '@tollgate/event-log';
import pg from 'pg';
import type { Config } from './config.js';
import { Databases } from './database.js';
import type { Log } from './log.js';
import { openPlatformLog, type PlatformLog } from './platform-log.js';
import { RedisPorts, type RedisPortsOptions } from './redis-ports.js';
import type { Service } from './service.js';

const CATCH_UP_TIMEOUT_MS = 120_000;

/** The bodies of the ports, chosen by the configuration: the one place that knows which are in use. */
export class Platform {
  private directoryFollowing: Following | undefined;
  /** What the services open; closed with the platform, after everything that may still write. */
  readonly databases = new Databases();

  private constructor(
    readonly config: Config,
    readonly log: Log,
    private readonly opened: PlatformLog,
    readonly directory: Directory,
    readonly admission: Admission,
    readonly quota: Quota,
    readonly fleet: Fleet,
    readonly plans: Plans,
    readonly masterKeys: MasterKey[],
    readonly peppers: string[],
    private readonly pool: pg.Pool,
    /** Set when the directory and the fleet live in Redis. */
    private readonly redis: RedisPorts | undefined,
  ) {}

  /** Opens the log and starts folding the directory. Throws an error that names what cannot be reached. */
  static async open(config: Config, log: Log, services: readonly Service[]): Promise<Platform> {
    const url = config.DATABASE_URL;
    if (!url) throw new Error('DATABASE_URL is not set');
    const plans = await plansOf(config);
    const pool = new pg.Pool({
      connectionString: url,
      max: config.DATABASE_POOL_MAX,
      application_name: 'tollgate-log',
      connectionTimeoutMillis: 10_000,
    });
    pool.on('error', () => undefined);
    let opened: PlatformLog;
    try {
      opened = await openPlatformLog(config, log, pool);
    } catch (error) {
      await pool.end();
      throw error;
    }
    const counters = new MemoryCounters({ plans });
    const masterKeys = config.MASTER_KEYS ? parseMasterKeys(config.MASTER_KEYS) : [];
    const peppers = config.KEY_PEPPERS ? parsePeppers(config.KEY_PEPPERS) : [];
    const { eventLog } = opened;
    const redis = await redisPortsOf({ config, log, eventLog, peppers, plans }, services).catch(
      async (error: unknown) => {
        await opened.close();
        await pool.end();
        throw error;
      },
    );
    const memory = redis ? undefined : new MemoryDirectory();
    const platform = new Platform(
      config,
      log,
      opened,
      redis?.directory ?? (memory as MemoryDirectory),
      redis?.admission ?? new MemoryAdmission(counters),
      redis?.quota ?? new MemoryQuota(counters),
      redis?.fleet ?? new MemoryFleet('embedded'),
      plans,
      masterKeys,
      peppers,
      pool,
      redis,
    );
    if (memory) platform.foldInto(memory);
    return platform;
  }

  get eventLog(): EventLog {
    return this.opened.eventLog;
  }

  get logEnds(): LogEnds {
    return this.opened.ends;
  }

  /** What the platform runs by itself, for the health report. */
  get followings(): Following[] {
    const fold = this.directoryFollowing ?? this.keeper?.following;
    return [...(fold ? [fold] : []), ...this.opened.followings];
  }

  /** Answers for the directory while Redis cannot; only beside the keys service, and only where there is a Redis. */
  get keeper(): DirectoryKeeper | undefined {
    return this.redis?.keeper;
  }

  /** Resolves when the directory holds everything that was in the log at the call. */
  async ready(): Promise<void> {
    await this.redis?.ready();
    await this.directoryFollowing?.caughtUp(CATCH_UP_TIMEOUT_MS);
    if (this.directory instanceof MemoryDirectory) this.directory.markReady();
  }

  private foldInto(directory: MemoryDirectory): void {
    this.directoryFollowing = this.eventLog.follow({
      name: 'directory',
      topics: CONTROL_TOPICS,
      handle: (events) => directory.apply(events),
    });
  }

  async close(): Promise<void> {
    await this.directoryFollowing?.stop();
    await this.redis?.close();
    await this.databases.close();
    await this.opened.close();
    if (!this.pool.ended) await this.pool.end();
  }
}

function redisPortsOf(
  parts: Pick<RedisPortsOptions, 'config' | 'log' | 'eventLog' | 'peppers' | 'plans'>,
  services: readonly Service[],
): Promise<RedisPorts | undefined> {
  if (parts.config.REDIS_URL === undefined) return Promise.resolve(undefined);
  const name = services.length === 1 ? (services[0] as Service).name : 'tollgate';
  const isKeeper = services.some((service) => service.providesSessions);
  return RedisPorts.open({ ...parts, name, isKeeper });
}

async function plansOf(config: Config): Promise<Plans> {
  const billing = config.BILLING === 'on';
  if (config.PLANS_FILE === undefined) return parsePlans(undefined, billing);
  const json = await readFile(config.PLANS_FILE, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`PLANS_FILE: cannot read ${config.PLANS_FILE} (${cause.code})`, { cause });
  });
  return parsePlans(json, billing);
}
