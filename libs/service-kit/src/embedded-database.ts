import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { databaseUser, makeCluster } from './embedded-database-cluster.js';
import { makeDataFolder } from './data-folder.js';
import { findDatabaseHome } from './embedded-database-home.js';
import { ownDataFolder } from './process-owner.js';
import { endOrphan, startServer } from './embedded-database-server.js';

/** What the embedded database says about itself; a pino logger is one. */
export interface DatabaseLog {
  info(message: string): void;
  warn(message: string): void;
}

/** A running PostgreSQL that belongs to this process. */
export interface EmbeddedDatabase {
  /** Connection string of its superuser, password included: it goes in no log. */
  url: string;
  /** Tells once that it has ended and how; `isExpected` when `stop()` was called before. */
  exited: Promise<{ isExpected: boolean; reason: string }>;
  /** Ends PostgreSQL (fast: open transactions are rolled back) and gives the data folder free; safe to call again. */
  stop(): Promise<void>;
}

/**
 * Starts a real PostgreSQL 18 on `<dataDir>/postgres`, reachable from this machine alone.
 *
 * Promises: what was committed is there after any kill; when this process ends, however it ends, PostgreSQL ends too,
 * and what a killed one leaves never blocks the next start; a second process on the same folder is refused.
 * Works as an ordinary user and as root (see `findDatabaseHome` for who then runs it, and where).
 * Limits: Linux and macOS; 100 connections; one machine owns a folder.
 */
export async function startEmbeddedDatabase(options: { dataDir: string; log: DatabaseLog }): Promise<EmbeddedDatabase> {
  const { log } = options;
  makeDataFolder(resolve(options.dataDir));
  const dataDir = realpathSync(options.dataDir);
  const release = ownDataFolder(dataDir);
  try {
    const home = findDatabaseHome(dataDir, log);
    const orphan = await endOrphan(home.data);
    if (orphan !== undefined) log.info(`ended PostgreSQL (process ${orphan}) that an earlier, killed start had left`);
    if (await makeCluster(home)) log.info(`made a new PostgreSQL database in ${home.data}`);
    const server = await startServer(home, log);
    let isExpected = false;
    let stopping: Promise<void> | undefined;
    return {
      url: `postgres://${databaseUser}:${home.password}@127.0.0.1:${server.port}/postgres`,
      exited: server.ended.then((reason) => ({ isExpected, reason })),
      stop: () => {
        isExpected = true;
        return (stopping ??= server.stop().finally(release));
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}
