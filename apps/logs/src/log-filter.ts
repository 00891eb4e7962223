import type { Decimal, LogListQuery } from '@tollgate/contracts';
import type { RunFilter } from './run-page-request.js';

/** Money has six places. */
const COST_PLACES = 6;

/**
 * What a v1 query asks of the run log; undefined when no run can answer it. Runs have no folders and name no models here,
 * so a filter on either finds nothing. `all` among the triggers disables that filter (contract B5.1).
 */
export function runFilterOf(query: LogListQuery): RunFilter | undefined {
  const asksFolder = (query.folderIds?.length ?? 0) > 0;
  if (asksFolder || query.model !== undefined) return undefined;
  return {
    workspaceId: query.workspaceId,
    workflowIds: some(query.workflowIds),
    triggers: query.triggers?.includes('all') ? undefined : some(query.triggers),
    level: query.level,
    startedFromMs: query.startDate,
    startedToMs: query.endDate,
    runId: query.executionId,
    durationMinMs: atLeast(query.minDurationMs, 0),
    durationMaxMs: atMost(query.maxDurationMs, 0),
    costMinMicros: atLeast(query.minCost, COST_PLACES),
    costMaxMicros: atMost(query.maxCost, COST_PLACES),
  };
}

/** A list of nothing but empties asks nothing. */
function some(values: readonly string[] | undefined): readonly string[] | undefined {
  return values?.length ? values : undefined;
}

function atLeast(bound: Decimal | undefined, places: number): bigint | undefined {
  return bound?.scaled(places, 'up');
}

function atMost(bound: Decimal | undefined, places: number): bigint | undefined {
  return bound?.scaled(places, 'down');
}
