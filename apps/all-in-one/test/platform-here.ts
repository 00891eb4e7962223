import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { billing } from '@tollgate/billing';
import { gateway } from '@tollgate/gateway';
import { keys } from '@tollgate/keys';
import { logs } from '@tollgate/logs';
import { loadConfig, PinoLog, type RunningService, startService } from '@tollgate/service-kit';
import { freshDatabase } from '@tollgate/testing';

/** All four services in the process of the test, on a database and a folder of their own. */
export interface PlatformHere {
  running: RunningService;
  url: string;
  stop(): Promise<void>;
}

export async function startPlatformHere(): Promise<PlatformHere> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-here-'));
  const database = await freshDatabase();
  const secret = 'a'.repeat(64);
  const config = loadConfig({
    PORT: '0',
    DATA_DIR: dataDir,
    DATABASE_URL: database.url,
    MASTER_KEYS: secret,
    KEY_PEPPERS: secret,
    AUTH_SECRET: secret,
    ADMIN_API_KEY: 'operator-key-of-the-tests',
    LOG_LEVEL: 'error',
  });
  const running = await startService([keys, gateway, billing, logs], config, new PinoLog('error', 'test'));
  const stop = async () => {
    await running.stop();
    await database.drop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { running, url: running.url, stop };
}
