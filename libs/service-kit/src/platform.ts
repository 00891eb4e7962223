import { readFile } from 'node:fs/promises';
import { parseMasterKeys, parsePeppers, type MasterKey } from '@tollgate/api-key';
import {
  type Admission,
  type Directory,
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
    private readonly markReady: () => void,
  ) {}

  /** Opens the log and starts folding the directory. Throws an error that names what cannot be reached. */
  static async open(config: Config, log: Log): Promise<Platform> {
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
    const directory = new MemoryDirectory();
    const counters = new MemoryCounters({ plans });
    const masterKeys = config.MASTER_KEYS ? parseMasterKeys(config.MASTER_KEYS) : [];
    const peppers = config.KEY_PEPPERS ? parsePeppers(config.KEY_PEPPERS) : [];
    const platform = new Platform(
      config,
      log,
      opened,
      directory,
      new MemoryAdmission(counters),
      new MemoryQuota(counters),
      new MemoryFleet('embedded'),
      plans,
      masterKeys,
      peppers,
      pool,
      () => directory.markReady(),
    );
    platform.directoryFollowing = opened.eventLog.follow({
      name: 'directory',
      topics: CONTROL_TOPICS,
      handle: (events) => directory.apply(events),
    });
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
    return [this.directoryFollower, ...this.opened.followings];
  }

  /** The follower that folds the directory. */
  get directoryFollower(): Following {
    if (!this.directoryFollowing) throw new Error('The platform is not open');
    return this.directoryFollowing;
  }

  /** Resolves when the directory holds everything that was in the log at the call. */
  async ready(): Promise<void> {
    await this.directoryFollower.caughtUp(CATCH_UP_TIMEOUT_MS);
    this.markReady();
  }

  async close(): Promise<void> {
    await this.directoryFollowing?.stop();
    await this.databases.close();
    await this.opened.close();
    if (!this.pool.ended) await this.pool.end();
  }
}

async function plansOf(config: Config): Promise<Plans> {
  const billing = config.BILLING === 'on';
  if (config.PLANS_FILE === undefined) return parsePlans(undefined, billing);
  const json = await readFile(config.PLANS_FILE, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`PLANS_FILE: cannot read ${config.PLANS_FILE} (${cause.code})`, { cause });
  });
  return parsePlans(json, billing);
}
