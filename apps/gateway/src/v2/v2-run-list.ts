import { Injectable } from '@nestjs/common';
import { Directory } from '@tollgate/access';
import { microsToNumber, type V2RunEntry, type V2RunListQuery, type V2RunStatus } from '@tollgate/contracts';
import { Clock, garbageCursor, mintBoundCursor, PlansInForce, readBoundCursor } from '@tollgate/service-kit';
import { type FinishedRun, FinishedRuns } from './finished-runs.js';
import { type OpenRun, OpenRuns } from './open-runs.js';

const LIST = 'runs';
const DAY_MS = 24 * 60 * 60 * 1000;

/** What the log keeps of each status that a run can end in. */
const STORED: Partial<Record<V2RunStatus, readonly string[]>> = {
  completed: ['completed'],
  failed: ['failed', 'refused'],
  cancelled: ['cancelled'],
};

/** A workflow's runs, those that ended and those that wait or go on, in one order (contract B3.4). */
@Injectable()
export class V2RunList {
  constructor(
    private readonly finished: FinishedRuns,
    private readonly open: OpenRuns,
    private readonly directory: Directory,
    private readonly plans: PlansInForce,
    private readonly clock: Clock,
  ) {}

  /** One page. Throws the 400 of a cursor that was not made for this workflow and these filters. */
  async page(
    of: { workspaceId: string; workflowId: string },
    query: V2RunListQuery,
  ): Promise<{ data: V2RunEntry[]; nextCursor: string | null }> {
    const { status, trigger, startDate, endDate, order, limit } = query;
    const bound = { workflowId: of.workflowId, status, trigger, startDate, endDate, order };
    const after = query.cursor === undefined ? undefined : placeOf(readBoundCursor(LIST, query.cursor, bound, 2));
    const stored = status === undefined ? undefined : (STORED[status] ?? []);
    const asked = { order, after, limit: limit + 1 };
    const shownFromMs = await this.shownFromMs(of.workspaceId);
    const fromMs = Math.max(shownFromMs, startDate ?? shownFromMs);
    const [ended, open] = await Promise.all([
      stored?.length === 0
        ? []
        : this.finished.page({ ...of, ...asked, statuses: stored, trigger, fromMs, toMs: endDate }),
      this.open.page({ workflowId: of.workflowId, ...asked }),
    ]);
    const runs = merged(
      ended.map((run) => entryOf(of.workflowId, run)),
      open.map((run) => openEntryOf(of.workflowId, run)).filter((entry) => isAsked(entry, query)),
      order,
    );
    const page = runs.slice(0, limit);
    const last = page.at(-1);
    return {
      data: page,
      nextCursor:
        last && runs.length > limit
          ? mintBoundCursor(LIST, [String(Date.parse(last.startedAt)), last.runId], bound)
          : null,
    };
  }

  /** The first instant of runs that are shown, like that of the log: as many days back as the payer's plan keeps. */
  private async shownFromMs(workspaceId: string): Promise<number> {
    const workspace = await this.directory.read('workspace', workspaceId);
    const payer = workspace && (await this.directory.read('user', workspace.billedAccountUserId));
    const days = payer ? this.plans.limits[payer.plan].logDays : null;
    return days === null ? 0 : this.clock.nowMs() - days * DAY_MS;
  }
}

function placeOf([at = '', runId = '']: string[]): { startedAtMs: number; runId: string } {
  if (!/^\d{1,14}$/.test(at)) throw garbageCursor();
  return { startedAtMs: Number(at), runId };
}

/** A run that is in the log is told by the log. */
function merged(ended: V2RunEntry[], open: V2RunEntry[], order: 'asc' | 'desc'): V2RunEntry[] {
  const known = new Set(ended.map(({ runId }) => runId));
  const all = [...ended, ...open.filter(({ runId }) => !known.has(runId))];
  const direction = order === 'asc' ? 1 : -1;
  return all.sort((one, other) => direction * compare(one, other));
}

function compare(one: V2RunEntry, other: V2RunEntry): number {
  if (one.startedAt !== other.startedAt) return one.startedAt < other.startedAt ? -1 : 1;
  return one.runId < other.runId ? -1 : one.runId > other.runId ? 1 : 0;
}

function isAsked(entry: V2RunEntry, { status, trigger, startDate, endDate }: V2RunListQuery): boolean {
  const startedAtMs = Date.parse(entry.startedAt);
  return (
    (status === undefined || entry.status === status) &&
    (trigger === undefined || entry.trigger === trigger) &&
    (startDate === undefined || startedAtMs >= startDate) &&
    (endDate === undefined || startedAtMs <= endDate)
  );
}

function entryOf(workflowId: string, run: FinishedRun): V2RunEntry {
  return {
    runId: run.runId,
    workflowId,
    status: run.status === 'refused' ? 'failed' : run.status,
    trigger: run.trigger,
    startedAt: run.startedAt.toISOString(),
    endedAt: run.endedAt.toISOString(),
    durationMs: run.durationMs,
    cost: { total: microsToNumber(run.costMicros) },
  };
}

function openEntryOf(workflowId: string, run: OpenRun): V2RunEntry {
  return {
    runId: run.runId,
    workflowId,
    status: run.state === 'queued' ? 'pending' : run.state,
    trigger: run.trigger,
    startedAt: run.startedAt.toISOString(),
    endedAt: run.endedAt?.toISOString() ?? null,
    durationMs: run.durationMs,
    cost: run.costMicros === null ? null : { total: microsToNumber(run.costMicros) },
  };
}
