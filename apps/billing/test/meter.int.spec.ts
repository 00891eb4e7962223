import type { Admission, Settlement } from '@tollgate/access';
import type { NewEvent } from '@tollgate/contracts';
import {
  EventLog,
  type Follower,
  type Following,
  migrateEventLog,
  PostgresEventLog,
  sqlOfPg,
  type SqlSession,
} from '@tollgate/event-log';
import { Clock, Databases, type Health, loadConfig, PinoLog } from '@tollgate/service-kit';
import { eventually } from '@tollgate/testing';
import { openBillingDatabase } from '../src/billing-database.js';
import { METER, MeterFeed } from '../src/meter.feed.js';
import { billed, BORIS } from './billed-runs.js';
import { type FreshDatabase, freshDatabase } from '@tollgate/testing';

const silent = new PinoLog('silent', 'billing');

class NovemberClock extends Clock {
  override nowMs(): number {
    return Date.parse('2026-11-24T00:00:00.000Z');
  }
}

/** Admission as far as the meter knows it: it writes down what it is told. */
class ToldAdmission {
  readonly told: Settlement[] = [];
  settle(settlements: readonly Settlement[]): void {
    this.told.push(...settlements);
  }
}

/** Lets a test change how the meter follows. */
class ChangedLog extends EventLog {
  constructor(
    private readonly inner: EventLog,
    private readonly change: (follower: Follower) => Partial<Follower>,
  ) {
    super();
  }
  override append(transaction: SqlSession, events: readonly NewEvent[]) {
    return this.inner.append(transaction, events);
  }
  override publish(events: readonly NewEvent[]) {
    return this.inner.publish(events);
  }
  override follow(follower: Follower): Following {
    return this.inner.follow({ ...follower, ...this.change(follower) });
  }
}

describe('the meter', () => {
  let fresh: FreshDatabase;
  let databases: Databases;
  let database: Awaited<ReturnType<typeof openBillingDatabase>>;
  let log: PostgresEventLog;
  const meters: MeterFeed[] = [];

  beforeEach(async () => {
    fresh = await freshDatabase();
    databases = new Databases();
    database = await openBillingDatabase(databases, loadConfig({ DATABASE_URL: fresh.url, DATABASE_POOL_MAX: '4' }));
    await migrateEventLog(sqlOfPg(fresh.pool));
    log = new PostgresEventLog({ pool: fresh.pool, listen: fresh.url, log: silent.pino });
  });

  afterEach(async () => {
    for (const meter of meters.splice(0)) await meter.beforeApplicationShutdown();
    await databases.close();
    await fresh.drop();
  });

  /** A meter that has handled what is in the log, as one process has it. */
  async function startMeter(change: (follower: Follower) => Partial<Follower> = () => ({})) {
    const admission = new ToldAdmission();
    const followings: Following[] = [];
    const health = { addFollower: (following: Following) => followings.push(following) } as unknown as Health;
    const meter = new MeterFeed(
      database,
      new ChangedLog(log, change),
      admission as unknown as Admission,
      health,
      new NovemberClock(),
      silent,
    );
    await meter.onApplicationBootstrap();
    meters.push(meter);
    return { admission, following: followings[0]!, stop: () => meter.beforeApplicationShutdown() };
  }

  const ledger = async () =>
    (await fresh.pool.query('SELECT run_id, cost_micros, payer_rule, price_id FROM billing.ledger ORDER BY run_id'))
      .rows;
  const periods = async () =>
    (
      await fresh.pool.query(
        'SELECT payer_user_id, period, requests, cost_micros FROM billing.payer_periods ORDER BY 1, 2',
      )
    ).rows;

  test('given an event, the ledger has its row with payer, rule and price, and the rollup of its UTC month', async () => {
    await log.publish([
      billed('r1', { payerRule: 'workspace', priceId: 'p9', runnerMicros: 7 }),
      billed('r2', { admittedAt: '2026-10-31T23:59:59.999Z' }),
      billed('r3', { payerUserId: BORIS.userId }),
    ]);
    await startMeter();
    expect(await ledger()).toEqual([
      { run_id: 'r1', cost_micros: '5007', payer_rule: 'workspace', price_id: 'p9' },
      { run_id: 'r2', cost_micros: '5000', payer_rule: 'key-type', price_id: 'default' },
      { run_id: 'r3', cost_micros: '5000', payer_rule: 'key-type', price_id: 'default' },
    ]);
    expect(await periods()).toEqual([
      { payer_user_id: 'anna', period: '2026-10', requests: '1', cost_micros: '5000' },
      { payer_user_id: 'anna', period: '2026-11', requests: '1', cost_micros: '5007' },
      { payer_user_id: 'boris', period: '2026-11', requests: '1', cost_micros: '5000' },
    ]);
  });

  test('given the whole log again from zero, nothing changes', async () => {
    await log.publish([billed('r1'), billed('r2')]);
    const first = await startMeter();
    await first.stop();
    const before = [await ledger(), await periods()];
    await fresh.pool.query('UPDATE billing.checkpoints SET position = 0');
    const second = await startMeter();
    expect(second.following.state().position).toBe(2n);
    expect([await ledger(), await periods()]).toEqual(before);
  });

  test('given an event with an id that was billed already, it is billed once', async () => {
    await log.publish([billed('r1'), billed('r1'), billed('r2')]);
    const { following } = await startMeter();
    await log.publish([billed('r1'), billed('r2'), billed('r3')]);
    await following.caughtUp(5_000);
    expect(await periods()).toEqual([
      { payer_user_id: 'anna', period: '2026-11', requests: '3', cost_micros: '15000' },
    ]);
  });

  test('given a crash between the effect and the commit, neither ledger nor checkpoint has it, and then both once', async () => {
    await log.publish([billed('r1'), billed('r2')]);
    let crashes = 0;
    const { admission } = await startMeter(({ checkpoint }) => ({
      checkpoint: {
        table: checkpoint!.table,
        inTransaction: (work) =>
          checkpoint!.inTransaction(async (transaction) => {
            const result = await work(transaction);
            const [row] = await transaction.rows<{ rows: string }>('SELECT count(*) AS rows FROM billing.ledger');
            if (row!.rows === '2' && crashes++ === 0) {
              expect(await ledger()).toEqual([]);
              throw Object.assign(new Error('the process dies here'), { code: 'ECONNRESET' });
            }
            return result;
          }),
      },
    }));
    expect(crashes).toBe(2);
    expect((await ledger()).map(({ run_id }) => run_id)).toEqual(['r1', 'r2']);
    expect(await periods()).toMatchObject([{ requests: '2', cost_micros: '10000' }]);
    expect(admission.told).toMatchObject([{ totalMicros: 10_000, runIds: ['r1', 'r2'] }]);
  });

  test('given two meters of one name, they share the work and bill nothing twice', async () => {
    const [one, two] = [
      await startMeter(() => ({ batchEventsMax: 7 })),
      await startMeter(() => ({ batchEventsMax: 5 })),
    ];
    for (let nth = 0; nth < 10; nth += 1) {
      await log.publish(Array.from({ length: 20 }, (_, at) => billed(`r${nth}-${at}`)));
    }
    await one.following.caughtUp(10_000);
    await two.following.caughtUp(10_000);
    expect(await periods()).toMatchObject([{ requests: '200', cost_micros: '1000000' }]);
    const runIds = [...one.admission.told, ...two.admission.told].flatMap((settlement) => settlement.runIds);
    expect(new Set(runIds).size).toBe(200);
    expect(runIds).toHaveLength(200);
  });

  test('given batches, admission hears each payer’s new total with its runs and the position, in growing order', async () => {
    const { admission, following } = await startMeter(() => ({ batchEventsMax: 2 }));
    await log.publish([billed('r1'), billed('r2'), billed('r3'), billed('b1', { payerUserId: BORIS.userId })]);
    await following.caughtUp(5_000);
    expect(admission.told).toEqual([
      { payerUserId: 'anna', period: '2026-11', totalMicros: 10_000, runIds: ['r1', 'r2'], position: 2n },
      { payerUserId: 'anna', period: '2026-11', totalMicros: 15_000, runIds: ['r3'], position: 3n },
      { payerUserId: 'boris', period: '2026-11', totalMicros: 5_000, runIds: ['b1'], position: 4n },
    ]);
  });

  test('given a restart, admission hears what everybody used this month before the meter goes on', async () => {
    await log.publish([
      billed('r1'),
      billed('b1', { payerUserId: BORIS.userId }),
      billed('old', { admittedAt: '2026-10-05T00:00:00.000Z' }),
    ]);
    await (await startMeter()).stop();
    await log.publish([billed('r2')]);
    const { admission } = await startMeter();
    expect(admission.told).toEqual([
      { payerUserId: 'anna', period: '2026-11', totalMicros: 5_000, runIds: [], position: 1n },
      { payerUserId: 'boris', period: '2026-11', totalMicros: 5_000, runIds: [], position: 2n },
      { payerUserId: 'anna', period: '2026-11', totalMicros: 10_000, runIds: ['r2'], position: 4n },
    ]);
  });

  test('given an event that does not fit its schema, the meter bills what came before it and stops loudly', async () => {
    const { following } = await startMeter(() => ({ retriesMax: 1 }));
    await log.publish([billed('r1'), billed('r2', { durationMs: -1 }), billed('r3')]);
    await eventually(() => expect(following.state()).toMatchObject({ name: METER, status: 'failed', position: 1n }));
    expect(following.state().error).toContain('position 2');
    expect((await ledger()).map(({ run_id }) => run_id)).toEqual(['r1']);
  });
});
