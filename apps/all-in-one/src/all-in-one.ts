import { join, resolve } from 'node:path';
import { billing } from '@tollgate/billing';
import { gateway } from '@tollgate/gateway';
import { keys } from '@tollgate/keys';
import { logs } from '@tollgate/logs';
import {
  type Config,
  ConfigFault,
  embeddedSecrets,
  type Log,
  type RunningService,
  startEmbeddedDatabase,
  startService,
} from '@tollgate/service-kit';
import { writeRunningFile } from './running-file.js';

export interface AllInOne extends Pick<RunningService, 'url' | 'routes'> {
  stop(): Promise<void>;
}

const SERVICES = [keys, gateway, billing, logs];
/** The dashboard as its own build leaves it. */
const PAGE_FOLDER = join(import.meta.dirname, '../../dashboard/dist');

/**
 * All four services in one process on one port. Without `DATABASE_URL` it brings its own PostgreSQL and secrets, kept
 * in `DATA_DIR`. `databaseLost` is called when that PostgreSQL ends without being asked to.
 */
export async function startAllInOne(
  given: Config,
  log: Log,
  databaseLost: (reason: string) => void,
): Promise<AllInOne> {
  if (given.DATABASE_URL !== undefined) {
    const missing = (['MASTER_KEYS', 'KEY_PEPPERS', 'AUTH_SECRET'] as const).filter(
      (name) => given[name] === undefined,
    );
    if (missing.length > 0)
      throw new ConfigFault(missing.map((name) => `${name}: is required when DATABASE_URL is set`));
    return startService(SERVICES, given, log, PAGE_FOLDER);
  }
  if (given.NODE_ENV === 'production') log.warn('running on the embedded database: back up DATA_DIR', {});
  const dataDir = resolve(given.DATA_DIR);
  const database = await startEmbeddedDatabase({ dataDir, log });
  void database.exited.then(({ isExpected, reason }) => {
    if (!isExpected) databaseLost(reason);
  });
  try {
    const made = embeddedSecrets(dataDir);
    const config = given.with({
      DATA_DIR: dataDir,
      DATABASE_URL: database.url,
      MASTER_KEYS: given.MASTER_KEYS ?? made.MASTER_KEYS,
      KEY_PEPPERS: given.KEY_PEPPERS ?? made.KEY_PEPPERS,
      AUTH_SECRET: given.AUTH_SECRET ?? made.AUTH_SECRET,
    });
    const running = await startService(SERVICES, config, log, PAGE_FOLDER);
    const forget = writeRunningFile(dataDir, { pid: process.pid, url: running.url, databaseUrl: database.url });
    const stop = async () => {
      forget();
      await running.stop();
      await database.stop();
    };
    return { url: running.url, routes: running.routes, stop };
  } catch (error) {
    await database.stop();
    throw error;
  }
}
