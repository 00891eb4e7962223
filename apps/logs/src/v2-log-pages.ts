import { Injectable } from '@nestjs/common';
import type { V2LogEntry, V2LogListQuery } from '@tollgate/contracts';
import { garbageCursor, mintBoundCursor, readBoundCursor } from '@tollgate/service-kit';
import { readRunId } from './log-id.js';
import type { RunPlace } from './run-page-request.js';
import { RunPages } from './run-pages.js';
import { asksInFull, v2LogEntryOf } from './v2-log-entry.js';
import { v2CursorFiltersOf, v2OrderOf, v2RunFilterOf } from './v2-log-filter.js';

const LIST = 'logs';

export interface V2LogPage {
  data: V2LogEntry[];
  /** Null on the last page. */
  nextCursor: string | null;
}

/** Pages of v2's `GET /api/v2/logs` (contract B5.3), for a caller who may read the workspace. */
@Injectable()
export class V2LogPages {
  constructor(private readonly pages: RunPages) {}

  /** Throws the 400s of a cursor that is none or that was met under other filters. */
  async page(query: V2LogListQuery): Promise<V2LogPage> {
    const bound = v2CursorFiltersOf(query);
    const after = query.cursor === undefined ? undefined : placeOf(readBoundCursor(LIST, query.cursor, bound, 2));
    const filter = v2RunFilterOf(query);
    if (!filter) return { data: [], nextCursor: null };
    const page = await this.pages.read(
      { filter, order: v2OrderOf(query), after, limit: query.limit },
      { inFull: asksInFull(query), withOutput: query.includeFinalOutput === true },
    );
    return {
      data: page.runs.map((run) => v2LogEntryOf(run, page, query)),
      nextCursor: page.next ? mintBoundCursor(LIST, [String(page.next.startedAtMs), page.next.runId], bound) : null,
    };
  }
}

function placeOf([at = '', runId = '']: string[]): RunPlace {
  const startedAtMs = Number(at);
  if (!/^-?\d{1,15}$/.test(at) || readRunId(runId) === undefined) throw garbageCursor();
  return { startedAtMs, runId };
}
