import type { LogLevel } from '@tollgate/contracts';

export type Order = 'asc' | 'desc';

/** Which runs of one workspace. An absent part asks nothing; bounds are inclusive. */
export interface RunFilter {
  workspaceId: string;
  workflowIds?: readonly string[];
  triggers?: readonly string[];
  level?: LogLevel;
  statuses?: readonly string[];
  /** A part of the workflow's name as it was, in any case. */
  workflowNamePart?: string;
  startedFromMs?: number;
  startedToMs?: number;
  runId?: string;
  durationMinMs?: bigint;
  durationMaxMs?: bigint;
  costMinMicros?: bigint;
  costMaxMicros?: bigint;
}

/** The place of a run in the order of the pages. */
export interface RunPlace {
  startedAtMs: number;
  runId: string;
}

export interface RunPageRequest {
  filter: RunFilter;
  order: Order;
  /** The page begins after this place, whether or not a run is there. */
  after?: RunPlace;
  /** At least 1. */
  limit: number;
}
