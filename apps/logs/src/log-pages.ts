import { Injectable } from '@nestjs/common';
import type { LogEntry, LogListQuery } from '@tollgate/contracts';
import { mintCursor, readCursor } from './cursor.js';
import { logEntryOf, traceSpansOf, workflowOf } from './log-entry.js';
import { runFilterOf } from './log-filter.js';
import type { RunEntry } from './run-log.js';
import { type RunPage, RunPages } from './run-pages.js';

export interface LogPage {
  data: LogEntry[];
  /** Absent on the last page. */
  nextCursor?: string;
}

/** Pages of v1's `GET /api/v1/logs` (contract B5.1), for a caller who may read the workspace. */
@Injectable()
export class LogPages {
  constructor(private readonly pages: RunPages) {}

  /** Throws the 400 of a cursor that is not one. */
  async page(query: LogListQuery): Promise<LogPage> {
    const order = query.order ?? 'desc';
    const after = query.cursor === undefined ? undefined : readCursor(query.cursor, order);
    const filter = runFilterOf(query);
    if (!filter) return { data: [] };
    const inFull = query.details === 'full';
    const withOutput = inFull && query.includeFinalOutput === true;
    const page = await this.pages.read({ filter, order, after, limit: query.limit }, { inFull, withOutput });
    const data = page.runs.map((run) => (inFull ? entryInFull(run, page, query) : logEntryOf(run)));
    return page.next ? { data, nextCursor: mintCursor(page.next, order) } : { data };
  }
}

function entryInFull(run: RunEntry, { workflows, outputs }: RunPage, query: LogListQuery): LogEntry {
  return {
    ...logEntryOf(run),
    workflow: workflowOf(run, workflows.get(run.workflowId)),
    ...(query.includeTraceSpans && { traceSpans: traceSpansOf(run) }),
    ...(outputs && { finalOutput: outputs.get(run.runId) }),
  };
}
