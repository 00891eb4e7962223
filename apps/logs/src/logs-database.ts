import type { Provider } from '@nestjs/common';
import { Config, Database, Databases } from '@tollgate/service-kit';
import { RunLog1764000000000 } from './migrations/1764000000000-run-log.js';
import { RunArrivals1764201600000 } from './migrations/1764201600000-run-arrivals.js';
import { Clients1764230400000 } from './migrations/1764230400000-clients.js';
import { FinishedRuns1764234000000 } from './migrations/1764234000000-finished-runs.js';
import { AdmittedAt1764240000000 } from './migrations/1764240000000-admitted-at.js';

/** The logs service's own part of the database. */
export abstract class LogsDatabase extends Database {}

export const LOGS_MIGRATIONS = [
  RunLog1764000000000,
  RunArrivals1764201600000,
  Clients1764230400000,
  FinishedRuns1764234000000,
  AdmittedAt1764240000000,
];

/** Opens the logs' part of the database; throws when it cannot be reached. */
export async function openLogsDatabase(databases: Databases, config: Config): Promise<LogsDatabase> {
  return databases.open({
    url: config.DATABASE_URL ?? '',
    schema: 'logs',
    poolMax: config.DATABASE_POOL_MAX,
    migrations: LOGS_MIGRATIONS,
  });
}

export const logsDatabase: Provider = {
  provide: LogsDatabase,
  inject: [Databases, Config],
  useFactory: openLogsDatabase,
};
