import { ROOT_FOLDER_PATH, type V2LogListQuery, type V2RunStatus } from '@tollgate/contracts';
import type { CursorFilters } from '@tollgate/service-kit';
import type { RunFilter } from './run-page-request.js';

/** What the log keeps of each status; it holds runs that ended, so the others find nothing. */
const STORED: Partial<Record<V2RunStatus, readonly string[]>> = {
  completed: ['completed'],
  failed: ['failed', 'refused'],
  cancelled: ['cancelled'],
};

/**
 * What a v2 query asks of the run log; undefined when no run can answer it. Workflows have no folders but the root, and
 * name no models. `all` among the triggers disables that filter (contract B5.1).
 */
export function v2RunFilterOf(query: V2LogListQuery): RunFilter | undefined {
  if (query.model !== undefined) return undefined;
  if (query.folderPaths !== undefined && !query.folderPaths.includes(ROOT_FOLDER_PATH)) return undefined;
  return {
    workspaceId: query.workspaceId,
    workflowIds: query.workflowIds,
    triggers: query.triggers?.includes('all') ? undefined : query.triggers,
    level: query.level,
    statuses: query.status?.flatMap((status) => STORED[status] ?? []),
    workflowNamePart: query.workflowName,
    startedFromMs: query.startDate,
    startedToMs: query.endDate,
    runId: query.runId,
    durationMinMs: query.minDurationMs,
    durationMaxMs: query.maxDurationMs,
    costMinMicros: query.minCost,
    costMaxMicros: query.maxCost,
  };
}

/** What a cursor is bound to: all that decides which runs come in which order. */
export function v2CursorFiltersOf(query: V2LogListQuery): CursorFilters {
  const { workspaceId, folderPaths, model } = query;
  return { ...v2RunFilterOf(query), workspaceId, folderPaths, model, order: v2OrderOf(query) };
}

export function v2OrderOf(query: V2LogListQuery): 'asc' | 'desc' {
  return query.sortOrder ?? query.order ?? 'desc';
}
