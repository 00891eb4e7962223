import type { Admission, SignedIn } from '@tollgate/access';
import { type NewEvent, REPORT_ROWS_MAX, type ReportGroup } from '@tollgate/contracts';
import {
  EventLog,
  type Follower,
  type Following,
  migrateEventLog,
  PostgresEventLog,
  sqlOfPg,
} from '@tollgate/event-log';
import { type Database, Databases, type Health, loadConfig, PinoLog, SystemClock } from '@tollgate/service-kit';
import fc from 'fast-check';
import { openBillingDatabase } from '../src/billing-database.js';
import { MeterFeed } from '../src/meter.feed.js';
import { reportCsv } from '../src/report-csv.js';
import { UsageReports } from '../src/usage-report.js';
import { ANNA, billed, BORIS } from './billed-runs.js';
import { type FreshDatabase, freshDatabase } from '@tollgate/testing';

const SEED = 20261124;
const EVENTS = 1_200;
const silent = new PinoLog('silent', 'billing');
const groups: ReportGroup[] = ['day', 'workspace', 'key', 'workflow'];
const year = { fromMs: Date.parse('2026-01-01T00:00:00Z'), toMs: Date.parse('2027-01-01T00:00:00Z') };
const name = fc.constantFrom('Research', 'Forschung', '=SUM(A1)', 'a,"b"', 'Прогноз', 'research');

/** Runs of two payers, in any order of time; ids come again, names change, some at the same instant. */
const anyRun = fc
  .record({
    run: fc.integer({ min: 0, max: EVENTS }),
    payerUserId: fc.constantFrom(ANNA.userId, BORIS.userId),
    workspace: fc.integer({ min: 1, max: 4 }),
    workspaceName: name,
    workflow: fc.integer({ min: 1, max: 9 }),
    workflowName: name,
    key: fc.option(fc.integer({ min: 1, max: 6 })),
    keyName: name,
    minute: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 525_599 })),
    durationMs: fc.nat({ max: 100_000 }),
    baseMicros: fc.constantFrom(0, 5_000, 7_500),
    runnerMicros: fc.oneof(fc.constant(0), fc.nat({ max: 2_000_000_000 })),
  })
  .map(({ run, workspace, workflow, key, keyName, minute, ...rest }): NewEvent => {
    const keyKind = key === null ? null : key % 2 ? 'personal' : 'workspace';
    return billed(`r${run}`, {
      ...rest,
      workspaceId: `ws${workspace}`,
      workflowId: `wf${workflow}`,
      keyId: key === null ? null : `key${key}`,
      keyName: key === null ? null : keyName,
      keyKind,
      admittedAt: new Date(year.fromMs + minute * 60_000).toISOString(),
    });
  });

/** The log of one database, read in batches of another size. */
class InBatches extends EventLog {
  constructor(
    private readonly inner: EventLog,
    private readonly batchEventsMax: number,
  ) {
    super();
  }
  override append(...args: Parameters<EventLog['append']>) {
    return this.inner.append(...args);
  }
  override publish(events: readonly NewEvent[]) {
    return this.inner.publish(events);
  }
  override follow(follower: Follower): Following {
    return this.inner.follow({ ...follower, batchEventsMax: this.batchEventsMax });
  }
}

describe('a bill that is rebuilt from the log', () => {
  const opened: { databases: Databases; fresh: FreshDatabase }[] = [];

  afterAll(async () => {
    for (const { databases, fresh } of opened) {
      await databases.close();
      await fresh.drop();
    }
  });

  const emptyDatabase = async () => {
    const fresh = await freshDatabase();
    const databases = new Databases();
    opened.push({ databases, fresh });
    const config = loadConfig({ DATABASE_URL: fresh.url, DATABASE_POOL_MAX: '3' });
    return { fresh, database: await openBillingDatabase(databases, config) };
  };

  const meterAll = async (database: Database, log: EventLog) => {
    const admission = { settle: () => undefined } as unknown as Admission;
    const health = { addFollower: () => undefined } as unknown as Health;
    const meter = new MeterFeed(database, log, admission, health, new SystemClock(), silent);
    await meter.onApplicationBootstrap();
    await meter.beforeApplicationShutdown();
  };

  /** Every report there is, as it leaves the service. */
  const allReports = async (database: Database) => {
    const reports = new UsageReports(database);
    const texts: Record<string, string> = {};
    for (const owner of [ANNA, BORIS] satisfies SignedIn[]) {
      for (const group of groups) {
        const report = await reports.read(owner, year, group);
        expect(report.rows.length).toBeLessThan(REPORT_ROWS_MAX);
        texts[`${owner.userId} by ${group}.json`] = JSON.stringify(report);
        texts[`${owner.userId} by ${group}.csv`] = reportCsv(report, group);
      }
    }
    const { rows } = await database.pool.query('SELECT * FROM billing.payer_periods ORDER BY period, payer_user_id');
    texts['rollups'] = JSON.stringify(rows);
    return texts;
  };

  /** The same rows, written in another order than they came. */
  const shuffleRows = (database: Database) =>
    database.pool.query(`
      CREATE TEMP TABLE kept AS SELECT * FROM billing.ledger;
      TRUNCATE billing.ledger;
      INSERT INTO billing.ledger SELECT * FROM kept ORDER BY md5(event_id)`);

  test('given the same log into an empty database, in other batches and partly twice, every report is the same to the byte', async () => {
    const events = fc.sample(anyRun, { numRuns: EVENTS, seed: SEED });
    const first = await emptyDatabase();
    await migrateEventLog(sqlOfPg(first.fresh.pool));
    const log = new PostgresEventLog({ pool: first.fresh.pool, listen: first.fresh.url, log: silent.pino });
    for (let at = 0; at < EVENTS; at += 90) await log.publish(events.slice(at, at + 90));
    await meterAll(first.database, log);
    const original = await allReports(first.database);

    const rebuilt = await emptyDatabase();
    await meterAll(rebuilt.database, new InBatches(log, 37));
    expect(await allReports(rebuilt.database)).toEqual(original);

    const again = await emptyDatabase();
    await meterAll(again.database, new InBatches(log, 250));
    await again.fresh.pool.query('UPDATE billing.checkpoints SET position = position / 2');
    await meterAll(again.database, new InBatches(log, 11));
    expect(await allReports(again.database)).toEqual(original);

    await shuffleRows(again.database);
    expect(await allReports(again.database)).toEqual(original);

    const ids = new Set(events.map(({ id }) => id));
    expect(ids.size).toBeLessThan(EVENTS);
    const requests = [ANNA, BORIS].map(
      ({ userId }) =>
        (JSON.parse(original[`${userId} by day.json`]!) as { total: { requests: number } }).total.requests,
    );
    expect(requests[0]! + requests[1]!).toBe(ids.size);
  });
});
