import { Injectable } from '@nestjs/common';
import { LogRetention } from './log-retention.js';
import { RunLog } from './run-log.js';
import type { RunFilter, RunPageRequest, RunPlace } from './run-page-request.js';
import type { RunEntry } from './run-log.js';
import { type CatalogWorkflow, WorkflowCatalog } from './workflow-catalog.js';

/** Most bytes of outputs on one page that shows them: a page ends early rather than outgrow the process. */
export const PAGE_OUTPUT_BYTES_MAX = 8 * 1024 * 1024;

export interface RunPage {
  runs: RunEntry[];
  /** The runs' workflows, when asked `inFull`. */
  workflows: ReadonlyMap<string, CatalogWorkflow>;
  /** The runs' outputs by run id, when asked `withOutput`. */
  outputs: ReadonlyMap<string, unknown> | undefined;
  /** Where the next page begins; undefined: there is none. */
  next: RunPlace | undefined;
}

/** Pages of runs, as both generations of the Logs API show them, for a caller who may read the workspace. */
@Injectable()
export class RunPages {
  constructor(
    private readonly runs: RunLog,
    private readonly catalog: WorkflowCatalog,
    private readonly retention: LogRetention,
  ) {}

  async read(request: RunPageRequest, show: { inFull: boolean; withOutput: boolean }): Promise<RunPage> {
    const filter = await this.kept(request.filter);
    // One more than asked tells whether there is a next page.
    const met = await this.runs.page({ ...request, filter, limit: request.limit + 1 });
    const runs = met.slice(0, show.withOutput ? holdable(met, request.limit) : request.limit);
    const last = runs.at(-1);
    return {
      runs,
      workflows: show.inFull ? await this.catalog.workflows(runs.map((run) => run.workflowId)) : new Map(),
      outputs: show.withOutput ? await this.runs.outputs(runs) : undefined,
      next: last && met.length > runs.length ? { startedAtMs: last.startedAt.getTime(), runId: last.runId } : undefined,
    };
  }

  private async kept(filter: RunFilter): Promise<RunFilter> {
    const sinceMs = await this.retention.sinceMs(filter.workspaceId);
    if (sinceMs === undefined) return filter;
    return { ...filter, startedFromMs: Math.max(sinceMs, filter.startedFromMs ?? sinceMs) };
  }
}

/** How many runs from the first on have outputs that a page can hold; at least one. */
function holdable(runs: readonly RunEntry[], limit: number): number {
  let bytes = 0;
  let count = 0;
  for (const run of runs.slice(0, limit)) {
    bytes += run.outputBytes;
    if (count > 0 && bytes > PAGE_OUTPUT_BYTES_MAX) break;
    count += 1;
  }
  return count;
}
