import type { Service } from '@tollgate/service-kit';
import { logsRoutes } from './logs-routes.js';
import { LogsModule } from './logs.module.js';

/** The logs service: every run that the platform answered, once, and the API that shows them. */
export const logs: Service = {
  name: 'logs',
  module: LogsModule,
  routes: logsRoutes,
  required: ['DATABASE_URL', 'KEYS_URL', 'KEY_PEPPERS'],
  providesRunArchive: true,
};

/** For whoever rebuilds the run log from the log of facts. */
export { openLogsDatabase } from './logs-database.js';
export { recorder } from './recorder.feed.js';
export { catalogFollower } from './workflow-catalog.feed.js';
