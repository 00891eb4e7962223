import { Controller, Get, Param, Query } from '@nestjs/common';
import { CurrentUser, Directory, memberRef, SessionRoute, type SignedIn } from '@tollgate/access';
import { logListQuerySchema, Problem } from '@tollgate/contracts';
import { check } from '@tollgate/service-kit';
import { logDetailOf } from './log-entry.js';
import { runIdOfLog } from './log-id.js';
import { LogPages } from './log-pages.js';
import { LogRetention } from './log-retention.js';
import { type RunEntry, RunLog } from './run-log.js';
import { WorkflowCatalog } from './workflow-catalog.js';

/**
 * The run log for people signed in: query, entries and cursors of the v1 Logs API, for any member of the workspace. To
 * everybody else a workspace and its runs are not there. It takes no token of the API's rate.
 */
@Controller('api/logs')
@SessionRoute()
export class SessionLogsController {
  constructor(
    private readonly directory: Directory,
    private readonly pages: LogPages,
    private readonly runs: RunLog,
    private readonly catalog: WorkflowCatalog,
    private readonly retention: LogRetention,
  ) {}

  @Get()
  async list(@CurrentUser() { userId }: SignedIn, @Query() raw: unknown) {
    const query = check(logListQuerySchema, raw, { text: 'first' });
    if (!(await this.isMember(userId, query.workspaceId))) {
      throw new Problem('notFound', { text: 'Workspace not found' });
    }
    return this.pages.page(query);
  }

  @Get(':id')
  async detail(@CurrentUser() { userId }: SignedIn, @Param('id') id: string) {
    const run = await this.readable(userId, runIdOfLog(id));
    if (!run) throw new Problem('notFound', { text: 'Log not found' });
    const [texts, origin, workflows] = await Promise.all([
      this.runs.texts(run),
      this.runs.origin(run),
      this.catalog.workflows([run.workflowId]),
    ]);
    return { data: { ...logDetailOf(run, texts, workflows.get(run.workflowId)), ...origin } };
  }

  /** The newest run of this id in a workspace of this person's. */
  private async readable(userId: string, runId: string | undefined): Promise<RunEntry | undefined> {
    if (runId === undefined) return undefined;
    for (const workspaceId of await this.runs.workspacesOf(runId)) {
      if (!(await this.isMember(userId, workspaceId))) continue;
      const run = await this.retention.shown(await this.runs.find(workspaceId, runId));
      if (run) return run;
    }
    return undefined;
  }

  private async isMember(userId: string, workspaceId: string): Promise<boolean> {
    return (await this.directory.read('member', memberRef(workspaceId, userId))) !== undefined;
  }
}
