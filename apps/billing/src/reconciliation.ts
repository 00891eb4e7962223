import { Injectable } from '@nestjs/common';
import { microsToDecimal, type Reconciliation, RECONCILIATION_IDS_MAX } from '@tollgate/contracts';
import { hasReached, LogEnds, positionOf, readProgress, sqlOfPg, type SqlSession } from '@tollgate/event-log';
import { Clock } from '@tollgate/service-kit';
import { BillingDatabase } from './billing-database.js';
import { METER, METER_CHECKPOINTS } from './meter.feed.js';
import type { UsageWindow } from './usage-window.js';

/** What the logs service publishes for this comparison: its billable runs, when each was recorded, how far its recorder is. */
const RUNS_VIEW = 'logs.billable_runs';
const ARRIVALS_VIEW = 'logs.run_arrivals';
const RECORDER_CHECKPOINTS = 'logs.checkpoints';
export const RECORDER = 'logs-recorder';

const WAIT_MS_MAX = 2_000;
const POLL_MS = 20;

/** Ledger and run log cannot be compared here: the run log is not in this database, or has not begun. */
export class RunLogMissing extends Error {}

/** Up to where both sides are known. */
interface Cut {
  /** How far both feeds are: the smaller of their positions. */
  position: bigint;
  /** Both feeds have handled what was in the log when they were asked. */
  reached: boolean;
  /** When the comparison was asked for, by the database's clock. */
  askedAt: Date;
}

/**
 * Both sides are numbered within a run id, so that a run that is there twice on one side matches once. Payer and cost
 * are part of the match: a run billed to the wrong person or at the wrong amount is missing (as the log has it) and
 * extra (as the ledger has it). Both sides date a run by its admission; the hour around the window is read so that a run at
 * its edge meets its other half. The log is read by the start of runs too, by which it is partitioned: a queued run starts
 * after it was admitted, by a week at most. A row without its other half counts when it was
 * entered before $4: the half of a later one may still be on its way. `young` are those of them that were there at $5.
 */
const COMPARE_SQL = `
  WITH ledger AS (
    SELECT run_id, payer_user_id, cost_micros, admitted_at, entered_at,
           row_number() OVER (PARTITION BY run_id ORDER BY position, event_id) AS nth
    FROM billing.ledger
    WHERE admitted_at >= $2::timestamptz - interval '1 hour' AND admitted_at < $3::timestamptz + interval '1 hour'
      AND ($1::text IS NULL OR payer_user_id = $1)
  ), runs AS (
    SELECT run_id COLLATE "C" AS run_id, payer_user_id COLLATE "C" AS payer_user_id, cost_micros, admitted_at, event_id,
           row_number() OVER (PARTITION BY run_id ORDER BY position, event_id) AS nth
    FROM ${RUNS_VIEW}
    WHERE started_at >= $2::timestamptz - interval '1 hour' AND started_at < $3::timestamptz + interval '8 days'
      AND admitted_at >= $2::timestamptz - interval '1 hour' AND admitted_at < $3::timestamptz + interval '1 hour'
      AND ($1::text IS NULL OR payer_user_id = $1)
  ), compared AS (
    SELECT coalesce(ledger.run_id, runs.run_id) AS run_id, coalesce(ledger.admitted_at, runs.admitted_at) AS admitted_at,
           runs.cost_micros AS run_micros, ledger.cost_micros AS billed_micros,
           CASE WHEN ledger.run_id IS NULL
             THEN coalesce((SELECT recorded_at FROM ${ARRIVALS_VIEW} AS arrival WHERE arrival.event_id = runs.event_id),
                           '-infinity')
             WHEN runs.run_id IS NULL THEN ledger.entered_at END AS alone_since
    FROM ledger FULL JOIN runs USING (run_id, payer_user_id, cost_micros, nth)
    WHERE coalesce(ledger.admitted_at, runs.admitted_at) >= $2 AND coalesce(ledger.admitted_at, runs.admitted_at) < $3
  ), judged AS MATERIALIZED (
    SELECT *, alone_since IS NULL OR alone_since < $4 AS sure FROM compared
  )
  SELECT count(run_micros) FILTER (WHERE sure) AS runs, count(billed_micros) FILTER (WHERE sure) AS billed,
         coalesce(sum(run_micros) FILTER (WHERE sure), 0)::text AS runs_micros,
         coalesce(sum(billed_micros) FILTER (WHERE sure), 0)::text AS billed_micros,
         count(*) FILTER (WHERE sure AND alone_since IS NOT NULL) AS difference,
         count(*) FILTER (WHERE NOT sure AND alone_since < $5) AS young,
         ARRAY(SELECT run_id FROM judged WHERE sure AND billed_micros IS NULL ORDER BY admitted_at, run_id LIMIT $6) AS missing,
         ARRAY(SELECT run_id FROM judged WHERE sure AND run_micros IS NULL ORDER BY admitted_at, run_id LIMIT $6) AS extra
  FROM judged`;

interface ComparedRow {
  runs: string;
  billed: string;
  runs_micros: string;
  billed_micros: string;
  difference: string;
  young: string;
  missing: string[];
  extra: string[];
}

/** Compares the run log with the ledger, run by run (contract A3): the promise "billed once and logged once", checked. */
@Injectable()
export class Reconciler {
  private readonly sql: SqlSession;
  /** Of all that was entered before, both halves were in the log when both feeds had handled it: so both are entered. */
  private sureBefore: Date | undefined;

  constructor(
    database: BillingDatabase,
    private readonly ends: LogEnds,
    private readonly clock: Clock,
  ) {
    this.sql = sqlOfPg(database.pool);
  }

  /** `payerUserId` null: everybody's. Rejects with `RunLogMissing`. */
  async compare(payerUserId: string | null, window: UsageWindow): Promise<Reconciliation> {
    const cut = await this.cut();
    const [row] = await this.sql.rows<ComparedRow>(COMPARE_SQL, [
      payerUserId,
      new Date(window.fromMs).toISOString(),
      new Date(window.toMs).toISOString(),
      this.sureBefore?.toISOString() ?? '-infinity',
      cut.askedAt.toISOString(),
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
      asOf: {
        position: cut.position.toString(),
        at: this.clock.nowIso(),
        complete: cut.reached && row!.young === '0',
      },
    };
  }

  /**
   * Waits, at most two seconds, until both feeds have handled all that is in the log now. The ends are read after the
   * time: so whatever was entered before it, and everything published together with it, lies before the ends.
   */
  private async cut(): Promise<Cut> {
    const [{ now }] = (await this.sql.rows<{ now: Date }>('SELECT clock_timestamp() AS now')) as [{ now: Date }];
    const deadline = performance.now() + WAIT_MS_MAX;
    const ends = await within(WAIT_MS_MAX, Promise.all([this.ends.read(['usage']), this.ends.read(['runs'])]));
    for (;;) {
      const { meter, recorder } = await this.progress();
      const reached = ends !== undefined && hasReached(meter, ends[0]) && hasReached(recorder, ends[1]);
      if (!reached && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        continue;
      }
      // Without its checkpoint nothing would be compared, and "no difference" would be a lie.
      if (!reached && recorder.size === 0) throw new RunLogMissing();
      const [one, other] = [positionOf(meter), positionOf(recorder)];
      const sureBefore = new Date(now.getTime() - this.ends.spreadMs);
      if (reached && !(this.sureBefore && this.sureBefore > sureBefore)) this.sureBefore = sureBefore;
      return { position: one < other ? one : other, reached, askedAt: now };
    }
  }

  private async progress() {
    const [found] = await this.sql.rows<{ there: boolean }>(
      `SELECT to_regclass('${ARRIVALS_VIEW}') IS NOT NULL AND to_regclass('${RECORDER_CHECKPOINTS}') IS NOT NULL AS there`,
    );
    if (!found?.there) throw new RunLogMissing();
    return {
      meter: await readProgress(this.sql, METER_CHECKPOINTS, METER),
      recorder: await readProgress(this.sql, RECORDER_CHECKPOINTS, RECORDER),
    };
  }
}

/** Undefined when it is late or rejects: a log that does not answer is one whose end is not known. */
async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, undefined);
  });
  try {
    return await Promise.race([work, late]).catch(() => undefined);
  } finally {
    clearTimeout(timer);
  }
}
