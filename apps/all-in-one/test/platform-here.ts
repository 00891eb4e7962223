import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { billing } from '@tollgate/billing';
import { gateway } from '@tollgate/gateway';
import { keys } from '@tollgate/keys';
import { logs } from '@tollgate/logs';
import { loadConfig, PinoLog, type RunningService, startService } from '@tollgate/service-kit';
import { type FreshDatabase, freshDatabase } from '@tollgate/testing';
import { ADMIN_API_KEY } from './running-platform.js';

/** All four services in the process of the test, on a database and a folder of their own. */
export interface PlatformHere {
  running: RunningService;
  url: string;
  database: FreshDatabase;
  /** Stops and starts again on the same data, on another port, with these settings beside the first ones. */
  again(settings: Record<string, string>): Promise<void>;
  stop(): Promise<void>;
}

/** `settings` beside those that every such platform has. */
export async function startPlatformHere(settings: Record<string, string> = {}): Promise<PlatformHere> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-here-'));
  const database = await freshDatabase();
  const secret = 'a'.repeat(64);
  const open = (others: Record<string, string> = {}) => {
    const config = loadConfig({
      PORT: '0',
      DATA_DIR: dataDir,
      DATABASE_URL: database.url,
      MASTER_KEYS: secret,
      KEY_PEPPERS: secret,
      AUTH_SECRET: secret,
      ADMIN_API_KEY,
      LOG_LEVEL: 'error',
      ...settings,
      ...others,
    });
    return startService([keys, gateway, billing, logs], config, new PinoLog(config.LOG_LEVEL, 'test'));
  };
  const first = await open();
  const platform: PlatformHere = {
    running: first,
    url: first.url,
    database,
    again: async (others) => {
      await platform.running.stop();
      platform.running = await open(others);
      platform.url = platform.running.url;
    },
    stop: async () => {
      await platform.running.stop();
      await database.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return platform;
}
