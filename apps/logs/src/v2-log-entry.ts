import { microsToNumber, ROOT_FOLDER_PATH } from '@tollgate/contracts';
import type { V2LogDetail, V2LogEntry, V2LogListQuery, V2RunStatus, WorkflowState } from '@tollgate/contracts';
import { costOf, traceSpansOf, workflowOf } from './log-entry.js';
import type { RunEntry, RunTexts } from './run-log.js';
import type { RunPage } from './run-pages.js';
import type { CatalogWorkflow } from './workflow-catalog.js';

/** An attempt that was refused is a failed run to v2, which has no word of its own for it. */
export function v2StatusOf({ status }: Pick<RunEntry, 'status'>): V2RunStatus {
  return status === 'refused' ? 'failed' : status;
}

function shared(run: RunEntry) {
  return {
    runId: run.runId,
    workflowId: run.workflowId,
    deploymentVersionId: run.deploymentVersionId,
    status: v2StatusOf(run),
    level: run.level,
    trigger: run.trigger,
    startedAt: run.startedAt.toISOString(),
    endedAt: run.endedAt.toISOString(),
    totalDurationMs: run.durationMs,
    files: null,
  };
}

/** A run as the pages of v2 show it (contract B5.3). */
export function v2LogEntryOf(run: RunEntry, page: RunPage, query: V2LogListQuery): V2LogEntry {
  const inFull = asksInFull(query);
  return {
    kind: 'workflow',
    ...shared(run),
    cost: costOf(run),
    hasHandledErrors: false,
    ...(inFull && { workflow: workflowOf(run, page.workflows.get(run.workflowId)) }),
    ...(page.outputs && { finalOutput: page.outputs.get(run.runId) }),
    ...(query.includeTraceSpans && { traceSpans: traceSpansOf(run) }),
  };
}

/** Asking for a part of the full detail is asking for the full detail. */
export function asksInFull(query: V2LogListQuery): boolean {
  return query.details === 'full' || query.includeTraceSpans === true || query.includeFinalOutput === true;
}

export interface V2DetailParts {
  texts: RunTexts;
  workflow: CatalogWorkflow | undefined;
  state: WorkflowState | null;
  executedByEmail: string | null;
  ownerEmail: string | null;
}

/** A run in full (contract B5.3). */
export function v2LogDetailOf(run: RunEntry, parts: V2DetailParts): V2LogDetail {
  const { texts, workflow } = parts;
  return {
    ...shared(run),
    executedByEmail: parts.executedByEmail,
    workflow: {
      ...workflowOf(run, workflow),
      folderPath: ROOT_FOLDER_PATH,
      ownerEmail: parts.ownerEmail,
      workspaceId: run.workspaceId,
      createdAt: workflow?.createdAt.toISOString() ?? null,
      updatedAt: workflow?.updatedAt.toISOString() ?? null,
    },
    workflowState: parts.state,
    traceSpans: traceSpansOf(run),
    finalOutput: texts.output,
    workflowInput: texts.input,
    error: texts.error,
    cost: { ...costOf(run), items: itemsOf(run) },
    client: run.client,
    createdAt: run.createdAt.toISOString(),
  };
}

/** What the cost is made of, as far as the log knows: the run as a whole. */
function itemsOf(run: RunEntry): NonNullable<V2LogDetail['cost']>['items'] {
  if (run.costMicros === 0) return [];
  return [{ category: 'fixed', description: 'Workflow run', cost: microsToNumber(run.costMicros) }];
}
