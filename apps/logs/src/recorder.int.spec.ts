import { migrateEventLog, PgCheckpointStore, PostgresEventLog, sqlOfPg } from '@tollgate/event-log';
import type { Follower, Following } from '@tollgate/event-log';
import type { NewEvent } from '@tollgate/contracts';
import fc from 'fast-check';
import pg from 'pg';
import { logsInDatabase } from '../test/logs-in-database.js';
import { logged, runFinished, runRefused } from '../test/runs.js';
import type { RunData } from '../test/runs.js';
import { recorder } from './recorder.feed.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

let logs: Awaited<ReturnType<typeof logsInDatabase>>;
beforeEach(async () => (logs = await logsInDatabase()));
afterEach(() => logs.close());

const partitionOf = async (runId: string) => {
  const { rows } = await logs.pool.query<{ partition: string }>(
    `SELECT tableoid::regclass::text AS partition FROM logs.run_log WHERE run_id = $1`,
    [runId],
  );
  return rows.map(({ partition }) => partition);
};

describe('the run log', () => {
  test('keeps runs by UTC month, on demand, and odd times apart', async () => {
    const at = (runId: string, startedAt: string) => runFinished({ runId, startedAt, endedAt: startedAt });
    await logs.deliver(
      logged([
        at('last-of-october', '2026-10-31T23:59:59.999Z'),
        at('first-of-november', '2026-11-01T00:00:00.000Z'),
        at('last-of-the-year', '2026-12-31T23:59:59.999Z'),
        at('first-of-the-year', '2027-01-01T00:00:00.000Z'),
        at('ancient', '0000-02-01T00:00:00Z'),
        at('before', '2019-12-31T23:59:59.999Z'),
        at('far', '2100-01-01T00:00:00.000Z'),
        at('farthest', '9999-12-31T23:59:59.999Z'),
      ]),
    );
    expect(await partitionOf('last-of-october')).toEqual(['run_log_2026_10']);
    expect(await partitionOf('first-of-november')).toEqual(['run_log_2026_11']);
    expect(await partitionOf('last-of-the-year')).toEqual(['run_log_2026_12']);
    expect(await partitionOf('first-of-the-year')).toEqual(['run_log_2027_01']);
    expect(await partitionOf('ancient')).toEqual(['run_log_before']);
    expect(await partitionOf('before')).toEqual(['run_log_before']);
    expect(await partitionOf('far')).toEqual(['run_log_after']);
    expect(await partitionOf('farthest')).toEqual(['run_log_after']);
  });

  test('makes a month again when the transaction that made it did not commit', async () => {
    const follower = recorder(logs.pool);
    const events = logged([runFinished({ runId: 'r1' })]);
    const fails: Follower = {
      ...follower,
      handle: async (batch, transaction) => {
        await follower.handle(batch, transaction);
        throw new Error('killed');
      },
    };
    await expect(logs.deliver(events, fails)).rejects.toThrow('killed');
    await logs.deliver(events, follower);
    await logs.deliver(logged([runFinished({ runId: 'r2' })], 2n), follower);
    expect(await partitionOf('r2')).toEqual(['run_log_2026_11']);
  });

  test('two that make the same month at once both succeed', async () => {
    const events = (from: bigint) => logged([runFinished({ runId: `r${from}` })], from);
    await Promise.all([1n, 2n, 3n].map((from) => logs.deliver(events(from))));
    expect(await logs.rows()).toHaveLength(3);
  });

  test('has one row per event, whatever is told of it again', async () => {
    const first = runFinished({ runId: 'r1' });
    const again = runFinished({ runId: 'r1', startedAt: '2026-12-24T00:00:00.000Z', costMicros: 9 });
    await logs.deliver(logged([first, again, first]));
    await logs.deliver(logged([again], 7n));
    expect(await logs.rows()).toHaveLength(1);
    expect(await partitionOf('r1')).toEqual(['run_log_2026_11']);
  });

  test('holds two runs of one chosen id, which are two events', async () => {
    const [one, other] = [runFinished({ runId: 'chosen' }), runFinished({ runId: 'chosen', workspaceId: 'w2' })];
    await logs.deliver(logged([one, { ...other, id: 'another-event' }]));
    expect(await logs.rows()).toHaveLength(2);
  });

  test('is the same to the letter, whatever the batches and however often each is delivered', async () => {
    const change = fc.record({
      runId: fc.constantFrom(...Array.from({ length: 12 }, (_, index) => `run-${index}`)),
      status: fc.constantFrom<RunData['status']>('completed', 'failed', 'cancelled', 'refused'),
      startedAt: fc
        .date({ min: new Date('2026-10-30'), max: new Date('2026-11-02'), noInvalidDate: true })
        .map((date) => date.toISOString()),
      output: fc.jsonValue(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        async (changes, sizes) => {
          const ids = new Set<string>();
          const fresh = changes.filter(({ runId }) => !ids.has(runId) && ids.add(runId));
          const events = logged(fresh.map((each) => runFinished(each)));
          const clear = () => logs.pool.query('TRUNCATE logs.run_log, logs.run_ids');
          await clear();
          await logs.deliver(events);
          const inOne = await logs.rows();
          await clear();
          for (let from = 0, nth = 0; from < events.length; nth += 1) {
            const batch = events.slice(from, (from += sizes[nth % sizes.length] as number));
            await logs.deliver(batch);
            await logs.deliver([...batch].reverse());
          }
          expect(await logs.rows()).toEqual(inOne);
          expect(inOne).toHaveLength(fresh.length);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('gives back every text as it was told, whatever is in it', async () => {
    const awkward = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.stringMatching(/^["\\\\{},\s'NULnul]+$/),
      fc.constantFrom('NULL', '\\', '"', '{}', '\n', ' '),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(awkward, { minLength: 1, maxLength: 30 }), async (texts) => {
        await logs.pool.query('TRUNCATE logs.run_log, logs.run_ids');
        await logs.deliver(
          logged(texts.map((text, index) => runFinished({ runId: `r${index}`, workflowName: text, output: text }))),
        );
        const { rows } = await logs.pool.query<{ name: string; output: string }>(
          `SELECT workflow_name AS name, output FROM logs.run_log ORDER BY position`,
        );
        expect(rows.map(({ name }) => name)).toEqual(texts.map((text) => text.replaceAll('\0', '\ufffd')));
        expect(rows.map(({ output }) => JSON.parse(output) as string)).toEqual(texts);
      }),
      { numRuns: 50 },
    );
  });

  test('takes texts of the full size, in pieces that the database can take', async () => {
    const large = 'x'.repeat(256 * 1024);
    const events = Array.from({ length: 50 }, (_, index) =>
      runFinished({ runId: `r${index}`, input: large, output: large }),
    );
    await logs.deliver(logged(events));
    const { rows } = await logs.pool.query(
      `SELECT count(*)::int AS runs, min(length(output)) AS least FROM logs.run_log`,
    );
    expect(rows).toEqual([{ runs: 50, least: large.length + 2 }]);
  });

  test('shows billing the billable runs, by a type and collation that joins take', async () => {
    const admittedAt = '2026-11-03T08:30:00.000Z';
    const queued = runFinished({ runId: 'r3', admittedAt });
    await logs.deliver(
      logged([runFinished({ runId: 'r1', costMicros: 7_500 }), runRefused({ runId: 'r2' }), queued], 41n),
    );
    await logs.pool.query(`CREATE TABLE ledger (run_id text PRIMARY KEY); INSERT INTO ledger VALUES ('r1')`);
    const { rows } = await logs.pool.query(`SELECT view.* FROM logs.billable_runs AS view JOIN ledger USING (run_id)`);
    expect(rows).toEqual([
      {
        run_id: 'r1',
        event_id: 'r1:finished',
        payer_user_id: 'u1',
        admitted_at: new Date('2026-11-03T10:00:00.000Z'),
        cost_micros: '7500',
        position: '41',
        started_at: new Date('2026-11-03T10:00:00.000Z'),
      },
    ]);
    const dates = await logs.pool.query(`SELECT admitted_at, started_at FROM logs.billable_runs WHERE run_id = 'r3'`);
    expect(dates.rows).toEqual([
      { admitted_at: new Date(admittedAt), started_at: new Date('2026-11-03T10:00:00.000Z') },
    ]);
  });
});

describe('the recorder on the log of facts', () => {
  let pool: pg.Pool;
  let facts: PostgresEventLog;
  let following: Following | undefined;

  beforeEach(async () => {
    pool = new pg.Pool({ connectionString: logs.url, max: 4 });
    await migrateEventLog(sqlOfPg(pool));
    facts = new PostgresEventLog({ pool, listen: logs.url, log: silent });
  });
  afterEach(async () => {
    await following?.stop();
    await pool.end();
  });

  const runs = (count: number, from = 0): NewEvent[] =>
    Array.from({ length: count }, (_, index) => runFinished({ runId: `run-${from + index}` }));
  const follow = async (follower: Follower) => {
    following = facts.follow(follower);
    await following.caughtUp(10_000);
  };

  test('records what is there and what comes, each once, also when everything is delivered again', async () => {
    await facts.publish(runs(30));
    await follow({ ...recorder(logs.pool), batchEventsMax: 7 });
    await facts.publish([...runs(30), ...runs(5, 30)]);
    await following?.caughtUp(10_000);
    await following?.stop();
    const before = await logs.rows();
    expect(before).toHaveLength(35);
    await logs.pool.query(`UPDATE logs.checkpoints SET position = 0 WHERE follower = 'logs-recorder'`);
    await follow(recorder(logs.pool));
    expect(await logs.rows()).toEqual(before);
  });

  test('leaves nothing half done when it dies between the effect and the checkpoint', async () => {
    await facts.publish(runs(20));
    const store = new PgCheckpointStore(logs.pool, 'logs.checkpoints');
    let deaths = 0;
    const dying = new PgCheckpointStore(logs.pool, 'logs.checkpoints');
    dying.inTransaction = (work) =>
      store.inTransaction(async (transaction) => {
        const done = await work({
          rows: (text, values) => {
            // The effect is written, its checkpoint is about to move.
            if (text.startsWith('UPDATE logs.checkpoints') && deaths++ < 3) throw new Error('killed');
            return transaction.rows(text, values);
          },
        });
        return done;
      });
    await follow({ ...recorder(logs.pool), checkpoint: dying, batchEventsMax: 20 });
    expect(deaths).toBeGreaterThan(3);
    expect(await logs.rows()).toHaveLength(20);
  });

  test('two processes of one name record each run once together', async () => {
    const other = facts.follow({ ...recorder(logs.pool), batchEventsMax: 3 });
    await facts.publish(runs(40));
    await follow({ ...recorder(logs.pool), batchEventsMax: 3 });
    await other.caughtUp(10_000);
    await other.stop();
    expect(await logs.rows()).toHaveLength(40);
  });
});
