import { Injectable } from '@nestjs/common';
import { MICROS_PER_CREDIT, type V2BillingLogsQuery, type V2UsageEvent } from '@tollgate/contracts';
import { garbageCursor, instantOf, mintBoundCursor, readBoundCursor } from '@tollgate/service-kit';
import { BillingDatabase } from './billing-database.js';

/** Whose ledger rows: those that a person pays, or all of one workspace, whoever pays. */
export type UsageScope = { scope: 'user'; userId: string } | { scope: 'workspace'; workspaceId: string };

interface Row {
  event_id: string;
  run_id: string;
  workspace_id: string;
  workflow_id: string;
  workflow_name: string;
  admitted_at: Date;
  cost_micros: string;
}

const LIST = 'billing-logs';
const DAY_MS = 24 * 60 * 60 * 1000;
const DAYS = { '1d': 1, '7d': 7, '30d': 30 } as const;

/** Pages of the ledger for v2 (contract B6), newest first. */
@Injectable()
export class UsageEvents {
  constructor(private readonly database: BillingDatabase) {}

  /**
   * One page. A window that is counted back from now is fixed by the first page and goes on in the cursor, so that a walk
   * sees each event once. Throws the 400 of a cursor that was not made for these filters.
   */
  async page(
    of: UsageScope,
    query: V2BillingLogsQuery,
    nowMs: number,
  ): Promise<{ data: V2UsageEvent[]; nextCursor: string | null }> {
    const { source, workspaceId, period, startDate, endDate, limit } = query;
    const bound = { ...of, source, asked: workspaceId, period, startDate, endDate };
    const place = query.cursor === undefined ? undefined : placeOf(readBoundCursor(LIST, query.cursor, bound, 3));
    const fromMs = place?.fromMs ?? windowStartOf(query, nowMs);
    if (source !== undefined && source !== 'workflow') return { data: [], nextCursor: null };
    const rows = await this.rows(of, { workspaceId, fromMs, toMs: endDate, place, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const costs = creditsOf(page.map((row) => BigInt(row.cost_micros)));
    return {
      data: page.map((row, nth) => ({
        id: row.event_id,
        createdAt: row.admitted_at.toISOString(),
        source: 'workflow',
        workspaceId: row.workspace_id,
        workflow: { id: row.workflow_id, name: row.workflow_name },
        runId: row.run_id,
        creditCost: costs[nth]!,
      })),
      nextCursor:
        last && rows.length > limit
          ? mintBoundCursor(LIST, [String(fromMs), last.admitted_at.toISOString(), last.event_id], bound)
          : null,
    };
  }

  private async rows(
    of: UsageScope,
    window: { workspaceId?: string; fromMs: number; toMs?: number; place?: Place; limit: number },
  ): Promise<Row[]> {
    const values: unknown[] = [];
    const bind = (value: unknown) => `$${values.push(value)}`;
    const wanted = [
      of.scope === 'user' ? `payer_user_id = ${bind(of.userId)}` : `workspace_id = ${bind(of.workspaceId)}`,
      `admitted_at >= ${bind(new Date(window.fromMs).toISOString())}::timestamptz`,
    ];
    if (window.toMs !== undefined)
      wanted.push(`admitted_at <= ${bind(new Date(window.toMs).toISOString())}::timestamptz`);
    if (of.scope === 'user' && window.workspaceId !== undefined)
      wanted.push(`workspace_id = ${bind(window.workspaceId)}`);
    if (window.place) {
      wanted.push(`(admitted_at, event_id) < (${bind(window.place.at)}::timestamptz, ${bind(window.place.eventId)})`);
    }
    const { rows } = await this.database.pool.query<Row>(
      `SELECT event_id, run_id, workspace_id, workflow_id, workflow_name, admitted_at, cost_micros
       FROM billing.ledger WHERE ${wanted.join(' AND ')}
       ORDER BY admitted_at DESC, event_id DESC LIMIT ${bind(window.limit)}`,
      values,
    );
    return rows;
  }
}

interface Place {
  fromMs: number;
  at: string;
  eventId: string;
}

function placeOf([from = '', at = '', eventId = '']: string[]): Place {
  if (!/^\d{1,14}$/.test(from)) throw garbageCursor();
  return { fromMs: Number(from), at: instantOf(at), eventId };
}

function windowStartOf({ period, startDate }: V2BillingLogsQuery, nowMs: number): number {
  if (period === 'custom') return Math.max(0, startDate ?? 0);
  return period === 'all' ? 0 : nowMs - DAYS[period] * DAY_MS;
}

/**
 * Whole credits of each event, in the order of the page, that sum exactly to the page's rounded total (contract B6): each
 * gets what the rounded running total grows by.
 */
export function creditsOf(costsMicros: readonly bigint[]): number[] {
  let total = 0n;
  let given = 0n;
  return costsMicros.map((micros) => {
    total += micros;
    const credits = roundedCredits(total) - given;
    given += credits;
    return Number(credits);
  });
}

function roundedCredits(micros: bigint): bigint {
  const each = BigInt(MICROS_PER_CREDIT);
  return (micros * 2n + each) / (each * 2n);
}
