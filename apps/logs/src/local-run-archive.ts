import { Injectable } from '@nestjs/common';
import { RunArchive } from '@tollgate/access';
import type { ArchivedRun, ArchivedRunQuestion } from '@tollgate/contracts';
import { RunLog } from './run-log.js';

/** The log of runs, asked within the process. */
@Injectable()
export class LocalRunArchive extends RunArchive {
  constructor(private readonly runs: RunLog) {
    super();
  }

  override async find({ workspaceId, runId, payerUserId }: ArchivedRunQuestion): Promise<ArchivedRun | undefined> {
    const run = await this.runs.find(workspaceId, runId, payerUserId);
    if (!run) return undefined;
    const { output, error } = await this.runs.texts(run);
    const { workflowId, trigger, status, durationMs, costMicros } = run;
    const at = { startedAt: run.startedAt.toISOString(), endedAt: run.endedAt.toISOString() };
    return { runId, workspaceId, workflowId, trigger, status, ...at, durationMs, costMicros, error, output };
  }
}
