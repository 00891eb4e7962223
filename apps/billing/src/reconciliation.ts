import { Injectable } from '@nestjs/common';
import { microsToDecimal, type Reconciliation, RECONCILIATION_IDS_MAX } from '@tollgate/contracts';
import { headPosition, inPgTransaction, PUBLISH_EVENTS_MAX, sqlOfPg, type SqlSession } from '@tollgate/event-log';
import { Clock } from '@tollgate/service-kit';
import { BillingDatabase } from './billing-database.js';
import { METER, METER_CHECKPOINTS } from './meter.feed.js';
import type { UsageWindow } from './usage-window.js';

/** What the logs service publishes for this comparison: its billable runs, and how far its recorder is. */
const RUNS_VIEW = 'logs.billable_runs';
const RECORDER_CHECKPOINTS = 'logs.checkpoints';
export const RECORDER = 'logs-recorder';

const SNAPSHOT_SQL = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
const WAIT_MS_MAX = 2_000;
const POLL_MS = 20;

/** Ledger and run log cannot be compared here: run log or event log are not in this database, or have not begun. */
export class RunLogMissing extends Error {}

/** Up to where both sides are known. */
export interface Cut {
  position: bigint;
  /** False: a feed lags behind what was in the log when the comparison was asked for. */
  complete: boolean;
}

/**
 * Both sides are numbered within a run id, so that a run that is there twice on one side matches once. Payer and cost
 * are part of the match: a run billed to the wrong person or at the wrong amount is missing (as the log has it) and
 * extra (as the ledger has it). The two sides date a run each by its own event; the window is the ledger's, and the
 * hour around it is read so that a run at its edge meets its other half. Unmatched rows behind $5 are left out: their
 * other half may be behind the cut ($4).
 */
const COMPARE_SQL = `
  WITH ledger AS (
    SELECT run_id, payer_user_id, cost_micros, admitted_at, position,
           row_number() OVER (PARTITION BY run_id ORDER BY position) AS nth
    FROM billing.ledger
    WHERE admitted_at >= $2::timestamptz - interval '1 hour' AND admitted_at < $3::timestamptz + interval '1 hour'
      AND position <= $4 AND ($1::text IS NULL OR payer_user_id = $1)
  ), runs AS (
    SELECT run_id COLLATE "C" AS run_id, payer_user_id COLLATE "C" AS payer_user_id, cost_micros, admitted_at, position,
           row_number() OVER (PARTITION BY run_id ORDER BY position) AS nth
    FROM ${RUNS_VIEW}
    WHERE admitted_at >= $2::timestamptz - interval '1 hour' AND admitted_at < $3::timestamptz + interval '1 hour'
      AND position <= $4 AND ($1::text IS NULL OR payer_user_id = $1)
  ), compared AS MATERIALIZED (
    SELECT coalesce(ledger.run_id, runs.run_id) AS run_id, runs.cost_micros AS run_micros,
           ledger.cost_micros AS billed_micros, coalesce(ledger.position, runs.position) AS position
    FROM ledger FULL JOIN runs USING (run_id, payer_user_id, cost_micros, nth)
    WHERE coalesce(ledger.admitted_at, runs.admitted_at) >= $2 AND coalesce(ledger.admitted_at, runs.admitted_at) < $3
      AND ((ledger.run_id IS NOT NULL AND runs.run_id IS NOT NULL) OR coalesce(ledger.position, runs.position) <= $5)
  )
  SELECT count(run_micros) AS runs, count(billed_micros) AS billed,
         coalesce(sum(run_micros), 0)::text AS runs_micros, coalesce(sum(billed_micros), 0)::text AS billed_micros,
         count(*) FILTER (WHERE billed_micros IS NULL OR run_micros IS NULL) AS difference,
         ARRAY(SELECT run_id FROM compared WHERE billed_micros IS NULL ORDER BY position, run_id LIMIT $6) AS missing,
         ARRAY(SELECT run_id FROM compared WHERE run_micros IS NULL ORDER BY position, run_id LIMIT $6) AS extra
  FROM compared`;

interface ComparedRow {
  runs: string;
  billed: string;
  runs_micros: string;
  billed_micros: string;
  difference: string;
  missing: string[];
  extra: string[];
}

/** Compares the run log with the ledger, run by run (contract A3): the promise "billed once and logged once", checked. */
@Injectable()
export class Reconciler {
  private readonly sql: SqlSession;

  constructor(
    private readonly database: BillingDatabase,
    private readonly clock: Clock,
  ) {
    this.sql = sqlOfPg(database.pool);
  }

  /** `payerUserId` null: everybody's. Rejects with `RunLogMissing`. */
  async compare(payerUserId: string | null, window: UsageWindow): Promise<Reconciliation> {
    const cut = await this.cut();
    // The two events of a run are published together, so halves are never further apart than one publish.
    const sure = cut.complete ? cut.position : cut.position - BigInt(PUBLISH_EVENTS_MAX);
    const [row] = await this.sql.rows<ComparedRow>(COMPARE_SQL, [
      payerUserId,
      new Date(window.fromMs).toISOString(),
      new Date(window.toMs).toISOString(),
      cut.position.toString(),
      sure.toString(),
      RECONCILIATION_IDS_MAX,
    ]);
    return {
      runs: Number(row!.runs),
      billed: Number(row!.billed),
      difference: Number(row!.difference),
      missing: row!.missing,
      extra: row!.extra,
      runsCost: microsToDecimal(BigInt(row!.runs_micros)),
      billedCost: microsToDecimal(BigInt(row!.billed_micros)),
      asOf: { position: cut.position.toString(), at: this.clock.nowIso(), complete: cut.complete },
    };
  }

  /** Waits, at most two seconds, until both feeds have handled all that is in the log now. */
  private async cut(): Promise<Cut> {
    const heads = await this.heads();
    const deadline = performance.now() + WAIT_MS_MAX;
    for (;;) {
      const at = await this.checkpoints();
      // Positions that are not of this database's log cannot be told apart here.
      if (at.meter > 0n && heads.meter === 0n) throw new RunLogMissing();
      const cut = cutOf(heads, at);
      if (cut.complete || performance.now() >= deadline) return cut;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Of one moment: of a run published between two looks the one half would be counted, and the other not. */
  private heads(): Promise<{ meter: bigint; recorder: bigint }> {
    return inPgTransaction(this.database.pool, SNAPSHOT_SQL, async (client) => ({
      meter: await headPosition(sqlOfPg(client), ['usage']),
      recorder: await headPosition(sqlOfPg(client), ['runs']),
    }));
  }

  private async checkpoints(): Promise<{ meter: bigint; recorder: bigint }> {
    const [found] = await this.sql.rows<{ there: boolean }>(
      `SELECT to_regclass('${RUNS_VIEW}') IS NOT NULL AND to_regclass('${RECORDER_CHECKPOINTS}') IS NOT NULL AS there`,
    );
    if (!found?.there) throw new RunLogMissing();
    const [at] = await this.sql.rows<{ meter: string | null; recorder: string | null }>(
      `SELECT (SELECT position FROM ${METER_CHECKPOINTS} WHERE follower = $1) AS meter,
              (SELECT position FROM ${RECORDER_CHECKPOINTS} WHERE follower = $2) AS recorder`,
      [METER, RECORDER],
    );
    // Without its checkpoint nothing would be compared, and "no difference" would be a lie.
    if (at?.recorder == null) throw new RunLogMissing();
    return { meter: BigInt(at.meter ?? 0), recorder: BigInt(at.recorder) };
  }
}

/**
 * Up to where both sides hold all there is. A feed that has handled its topic's newest event has handled everything up
 * to the log's head, also when that head is an event of the other topic.
 */
export function cutOf(heads: { meter: bigint; recorder: bigint }, at: { meter: bigint; recorder: bigint }): Cut {
  const head = max(heads.meter, heads.recorder);
  const meter = at.meter >= heads.meter ? head : at.meter;
  const recorder = at.recorder >= heads.recorder ? head : at.recorder;
  return { position: meter < recorder ? meter : recorder, complete: meter === head && recorder === head };
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
