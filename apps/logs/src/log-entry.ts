import { microsToNumber } from '@tollgate/contracts';
import type { LogDetail, LogEntry } from '@tollgate/contracts';
import type { z } from 'zod';
import type { traceSpanSchema } from '@tollgate/contracts';
import { logIdOf } from './log-id.js';
import type { RunEntry, RunTexts } from './run-log.js';
import type { CatalogWorkflow } from './workflow-catalog.js';

/** A run as the pages of v1 show it (contract B5.1). */
export function logEntryOf(run: RunEntry): LogEntry {
  return {
    id: logIdOf(run.runId),
    workflowId: run.workflowId,
    executionId: run.runId,
    deploymentVersionId: run.deploymentVersionId,
    level: run.level,
    trigger: run.trigger,
    startedAt: run.startedAt.toISOString(),
    endedAt: run.endedAt.toISOString(),
    totalDurationMs: run.durationMs,
    cost: costOf(run),
    files: null,
  } as LogEntry;
}

/** A refused attempt cost nothing, and says so. */
export function costOf(run: RunEntry): { total: number } {
  return { total: microsToNumber(run.costMicros) };
}

/** A run's workflow: as it is now, or by the name it had when it ran. */
export function workflowOf(run: RunEntry, known: CatalogWorkflow | undefined): NonNullable<LogEntry['workflow']> {
  return {
    id: run.workflowId,
    name: known?.name ?? run.workflowName,
    description: known?.description ?? null,
    deleted: known?.deleted ?? false,
  };
}

export function traceSpansOf(run: RunEntry): z.infer<typeof traceSpanSchema>[] {
  return [
    {
      id: run.runId,
      name: run.workflowName,
      type: 'workflow',
      status: run.level === 'error' ? 'error' : 'success',
      startTime: run.startedAt.toISOString(),
      endTime: run.endedAt.toISOString(),
      duration: run.durationMs,
    },
  ];
}

/** A run in full (contract B5.2). There are no folders. */
export function logDetailOf(run: RunEntry, texts: RunTexts, known: CatalogWorkflow | undefined): LogDetail {
  const { id, workflowId, executionId, level, trigger, startedAt, endedAt, totalDurationMs, cost, files } =
    logEntryOf(run);
  return {
    id,
    workflowId,
    executionId,
    level,
    trigger,
    startedAt,
    endedAt,
    totalDurationMs,
    cost,
    files,
    workflow: {
      ...workflowOf(run, known),
      folderId: null,
      userId: known?.createdBy ?? null,
      workspaceId: run.workspaceId,
      createdAt: known?.createdAt.toISOString() ?? null,
      updatedAt: known?.updatedAt.toISOString() ?? null,
    },
    executionData: {
      totalDuration: run.durationMs,
      traceSpans: traceSpansOf(run),
      workflowInput: texts.input,
      finalOutput: texts.output,
      error: texts.error,
    },
    client: run.client,
    createdAt: run.createdAt.toISOString(),
  };
}
