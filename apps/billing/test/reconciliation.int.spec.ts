import type { NewEvent, Reconciliation } from '@tollgate/contracts';
import { eventually } from '@tollgate/testing';
import { billed, finished } from './billed-runs.js';
import { asAnna, asBoris, asOperator, type BillingUnderTest, startBilling } from './billing-under-test.js';
import type { FreshDatabase } from '@tollgate/testing';

const PATH = '/api/billing/reconciliation';
const NOVEMBER = `${PATH}?from=2026-11-01&to=2026-12-01`;

/** As much of the run log as it shows to billing. */
const makeRunLog = ({ pool }: FreshDatabase) =>
  pool.query(`
    CREATE SCHEMA logs;
    CREATE TABLE logs.runs (run_id text, payer_user_id text, admitted_at timestamptz, cost_micros bigint, position bigint,
      event_id text DEFAULT gen_random_uuid()::text, recorded_at timestamptz DEFAULT now());
    ALTER TABLE logs.runs ADD COLUMN started_at timestamptz;
    CREATE VIEW logs.billable_runs AS SELECT run_id, payer_user_id, admitted_at, cost_micros, position, event_id,
      coalesce(started_at, admitted_at) AS started_at FROM logs.runs;
    CREATE VIEW logs.run_arrivals AS SELECT event_id, recorded_at FROM logs.runs;
    CREATE TABLE logs.checkpoints (follower text PRIMARY KEY, position bigint NOT NULL, updated_at timestamptz NOT NULL);
    INSERT INTO logs.checkpoints VALUES ('logs-recorder', 0, now()), ('logs-workflows', 0, now())`);

describe('GET /api/billing/reconciliation', () => {
  let billing: BillingUnderTest;
  beforeEach(async () => void (billing = await startBilling({}, makeRunLog)));
  afterEach(() => billing.stop());

  /** Runs that ended: both of their events in the log, as the spool publishes them. */
  const ended = (...runs: NewEvent<'RequestBilled'>[]) =>
    billing.log.publish(runs.flatMap((run) => [run, finished(run)]));

  /** What the recorder would do: it takes everything that is in the log. */
  const record = () =>
    billing.database.pool.query(`
      INSERT INTO logs.runs SELECT data->>'runId', data->>'payerUserId', (data->>'startedAt')::timestamptz,
        (data->>'costMicros')::bigint, position
      FROM (SELECT position, event::jsonb->'data' AS data FROM event_log.facts WHERE topic = 'runs'
        AND position > (SELECT position FROM logs.checkpoints WHERE follower = 'logs-recorder')) AS fact;
      UPDATE logs.checkpoints SET position = (SELECT max(position) FROM event_log.facts WHERE topic = 'runs')
      WHERE follower = 'logs-recorder'`);

  const compared = async (headers = asOperator as Record<string, string>, path = NOVEMBER) => {
    const { status, json } = await billing.get(path, headers);
    expect(status).toBe(200);
    return json as Reconciliation;
  };

  test('given every run in both, there is no difference, and the answer says up to where it looked', async () => {
    await ended(billed('r1', { runnerMicros: 5 }), billed('r2'));
    await record();
    expect(await compared()).toEqual({
      runs: 2,
      billed: 2,
      difference: 0,
      missing: [],
      extra: [],
      runsCost: '0.010005',
      billedCost: '0.010005',
      asOf: { position: '3', at: expect.stringMatching(/Z$/), complete: true },
    });
  });

  test('given a run that lost its bill and a bill that has no run, both are named', async () => {
    await ended(billed('r1'), billed('r2'), billed('r3'));
    await record();
    await compared();
    await billing.database.pool.query(`DELETE FROM billing.ledger WHERE run_id = 'r2'`);
    await billing.database.pool.query(`DELETE FROM logs.runs WHERE run_id = 'r3'`);
    expect(await compared()).toMatchObject({ runs: 2, billed: 2, difference: 2, missing: ['r2'], extra: ['r3'] });
  });

  test('given the newest run of all without its bill, it is named too', async () => {
    await ended(billed('r1'), billed('r2'));
    await record();
    await compared();
    await billing.database.pool.query(`DELETE FROM billing.ledger WHERE run_id = 'r2'`);
    expect(await compared()).toMatchObject({ difference: 1, missing: ['r2'], extra: [] });
  });

  test('given a bill of another amount or for another person, the run is missing as it was and extra as it is billed', async () => {
    await ended(billed('r1'), billed('r2'), billed('r3'));
    await record();
    await compared();
    await billing.database.pool.query(
      `UPDATE billing.ledger SET base_micros = 6000, cost_micros = 6000 WHERE run_id = 'r1';
       UPDATE billing.ledger SET payer_user_id = 'boris' WHERE run_id = 'r2'`,
    );
    expect(await compared()).toMatchObject({ difference: 4, missing: ['r1', 'r2'], extra: ['r1', 'r2'] });
  });

  test('given a run that is billed twice, the second bill is extra', async () => {
    await ended(billed('r1'));
    await record();
    await compared();
    await billing.database.pool.query(`
      INSERT INTO billing.ledger SELECT 'another event', run_id, position, payer_user_id, payer_rule, workspace_id,
        workspace_name, workflow_id, workflow_name, key_id, key_name, key_kind, actor_user_id, trigger, price_id, admitted_at,
        duration_ms, base_micros, runner_micros, cost_micros FROM billing.ledger`);
    expect(await compared()).toMatchObject({ runs: 1, billed: 2, difference: 1, missing: [], extra: ['r1'] });
  });

  test('given payers, each compares his own runs and the operator all', async () => {
    await ended(billed('r1'), billed('r2', { payerUserId: 'boris' }), billed('r3', { payerUserId: 'boris' }));
    await record();
    await compared();
    await billing.database.pool.query(`DELETE FROM billing.ledger WHERE run_id = 'r3'`);
    expect(await compared(asAnna)).toMatchObject({ runs: 1, billed: 1, difference: 0 });
    expect(await compared(asBoris)).toMatchObject({ runs: 2, billed: 1, difference: 1, missing: ['r3'] });
    expect(await compared(asOperator)).toMatchObject({ runs: 3, billed: 2, difference: 1, missing: ['r3'] });
  });

  test('given a window, runs outside are not compared, and one at its edge meets its other half', async () => {
    await ended(
      billed('before', { admittedAt: '2026-10-31T23:59:59.999Z' }),
      billed('first', { admittedAt: '2026-11-01T00:00:00.000Z' }),
      billed('after', { admittedAt: '2026-12-01T00:00:00.000Z' }),
    );
    await record();
    // The log dates a run by its own event, which may be a few milliseconds off.
    await billing.database.pool.query(`UPDATE logs.runs SET admitted_at = admitted_at - interval '4 ms'`);
    expect(await compared()).toMatchObject({ runs: 1, billed: 1, difference: 0 });
  });

  test('given runs that waited in the queue past an edge of the window, they count where they were admitted, on both sides', async () => {
    await ended(
      billed('queued-before', { admittedAt: '2026-10-31T20:00:00.000Z' }),
      billed('queued-within', { admittedAt: '2026-11-30T20:00:00.000Z' }),
    );
    await record();
    await billing.database.pool.query(`UPDATE logs.runs SET started_at = admitted_at + interval '23 hours'`);
    expect(await compared()).toMatchObject({ runs: 1, billed: 1, difference: 0 });
    expect(await compared(asOperator, `${PATH}?from=2026-10-01&to=2026-11-01`)).toMatchObject({
      runs: 1,
      difference: 0,
    });
  });

  test('given a recorder that catches up within two seconds, the answer waits for it', async () => {
    await ended(billed('r1'));
    await record();
    await ended(billed('r2'));
    const answer = compared();
    await eventually(record);
    expect(await answer).toMatchObject({ runs: 2, billed: 2, difference: 0, asOf: { complete: true } });
  });

  test('given a recorder that hangs, nothing that it has not reached is called missing or extra', async () => {
    await ended(billed('r1'));
    await record();
    await ended(billed('r2'), billed('r3'));
    expect(await compared()).toMatchObject({
      runs: 1,
      billed: 1,
      difference: 0,
      asOf: { position: '2', complete: false },
    });
  });

  test('given more wrong runs than it names, the counts are exact all the same', async () => {
    await billing.database.pool.query(`
      INSERT INTO logs.runs SELECT 'lost-' || lpad(n::text, 5, '0'), 'anna', '2026-11-05', 5000, 0 FROM generate_series(1, 1500) n`);
    const { missing, difference, runs } = await compared();
    expect({ named: missing.length, first: missing[0], difference, runs }).toEqual({
      named: 1000,
      first: 'lost-00001',
      difference: 1500,
      runs: 1500,
    });
  });

  test.each([
    [`${PATH}?from=never`, 'from'],
    [`${PATH}?from=2026-11-02&to=2026-11-01`, 'from'],
    [`${PATH}?from=2020-01-01&to=2026-11-01`, 'from'],
    [`${PATH}?to=2026-99-01`, 'to'],
  ])('given %s, it is refused and %s is named', async (path, field) => {
    const { status, json } = await billing.get(path, asOperator);
    expect({ status, json }).toMatchObject({ status: 400, json: { details: [{ path: [field] }] } });
  });

  test.each([{}, { cookie: 'person=nobody' }, { 'x-admin-key': 'wrong' }, { ...asAnna, 'x-admin-key': 'wrong' }])(
    'given %j, nobody is let in',
    async (headers) => {
      const { status, json } = await billing.get(NOVEMBER, headers as Record<string, string>);
      expect({ status, json }).toEqual({ status: 401, json: { error: 'Unauthorized', code: 'UNAUTHORIZED' } });
    },
  );
});

describe('GET /api/billing/reconciliation without a run log', () => {
  test('given a database without the logs service, it says that there is nothing to compare with', async () => {
    const billing = await startBilling();
    try {
      const { status, json, headers } = await billing.get(NOVEMBER, asAnna);
      expect({ status, json }).toMatchObject({ status: 503, json: { error: expect.stringContaining('run log') } });
      expect(headers.get('retry-after')).toBe('5');
    } finally {
      await billing.stop();
    }
  });
});
