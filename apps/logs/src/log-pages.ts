import { Injectable } from '@nestjs/common';
import type { LogEntry, LogListQuery } from '@tollgate/contracts';
import { mintCursor, readCursor } from './cursor.js';
import { logEntryOf, traceSpansOf, workflowOf } from './log-entry.js';
import { runFilterOf } from './log-filter.js';
import { RunLog } from './run-log.js';
import type { RunEntry } from './run-log.js';
import { WorkflowCatalog } from './workflow-catalog.js';

export interface LogPage {
  data: LogEntry[];
  /** Absent on the last page. */
  nextCursor?: string;
}

/** Most bytes of outputs on one page with `includeFinalOutput`: a page ends early rather than outgrow the process. */
export const PAGE_OUTPUT_BYTES_MAX = 8 * 1024 * 1024;

/** Pages of v1's `GET /api/v1/logs` (contract B5.1), for a caller who may read the workspace. */
@Injectable()
export class LogPages {
  constructor(
    private readonly runs: RunLog,
    private readonly catalog: WorkflowCatalog,
  ) {}

  /** Throws the 400 of a cursor that is not one. */
  async page(query: LogListQuery): Promise<LogPage> {
    const order = query.order ?? 'desc';
    const after = query.cursor === undefined ? undefined : readCursor(query.cursor, order);
    const filter = runFilterOf(query);
    if (!filter) return { data: [] };
    // One more than asked tells whether there is a next page.
    const met = await this.runs.page({ filter, order, after, limit: query.limit + 1 });
    const full = query.details === 'full';
    const withOutput = full && query.includeFinalOutput === true;
    const shown = met.slice(0, withOutput ? holdable(met, query.limit) : query.limit);
    const data = full ? await this.inFull(shown, query, withOutput) : shown.map(logEntryOf);
    const last = shown.at(-1);
    if (met.length === shown.length || !last) return { data };
    return { data, nextCursor: mintCursor({ startedAtMs: last.startedAt.getTime(), runId: last.runId }, order) };
  }

  private async inFull(runs: readonly RunEntry[], query: LogListQuery, withOutput: boolean): Promise<LogEntry[]> {
    const workflows = await this.catalog.workflows(runs.map((run) => run.workflowId));
    const outputs = withOutput ? await this.runs.outputs(runs) : undefined;
    return runs.map((run) => ({
      ...logEntryOf(run),
      workflow: workflowOf(run, workflows.get(run.workflowId)),
      ...(query.includeTraceSpans && { traceSpans: traceSpansOf(run) }),
      ...(outputs && { finalOutput: outputs.get(run.runId) }),
    }));
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
