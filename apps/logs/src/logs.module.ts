import { Global, Module } from '@nestjs/common';
import { RunArchive } from '@tollgate/access';
import { InternalRunsController } from './internal-runs.controller.js';
import { LocalRunArchive } from './local-run-archive.js';
import { LogLimitsReader } from './log-limits.js';
import { LogPages } from './log-pages.js';
import { LogReader } from './log-reader.js';
import { LogRetention } from './log-retention.js';
import { logsDatabase } from './logs-database.js';
import { LogsController } from './logs.controller.js';
import { RecorderFeed } from './recorder.feed.js';
import { RunLog } from './run-log.js';
import { RunPages } from './run-pages.js';
import { SessionLogsController } from './session-logs.controller.js';
import { V2LogPages } from './v2-log-pages.js';
import { V2LogsController } from './v2-logs.controller.js';
import { WorkflowCatalogFeed } from './workflow-catalog.feed.js';
import { WorkflowCatalog } from './workflow-catalog.js';

/** Shows what happened: keeps the run log and answers the Logs API. Global, since the others in the process ask its archive. */
@Global()
@Module({
  controllers: [InternalRunsController, LogsController, SessionLogsController, V2LogsController],
  providers: [
    logsDatabase,
    RecorderFeed,
    WorkflowCatalogFeed,
    RunLog,
    WorkflowCatalog,
    LogRetention,
    RunPages,
    LogPages,
    V2LogPages,
    LogReader,
    LogLimitsReader,
    { provide: RunArchive, useClass: LocalRunArchive },
  ],
  exports: [RunArchive],
})
export class LogsModule {}
