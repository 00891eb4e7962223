import { eventually } from '@tollgate/testing';
import type { LoggedEvent, NewEvent } from '@tollgate/contracts';
import { migrateEventLog } from './fact-table.js';
import { Followings, keyRenamed, listener, requestBilled } from './harness.contract.js';
import { commitOutOfOrder } from './out-of-order.contract.js';
import { OwnDatabase, rememberingLogger } from './own-database.contract.js';
import { PostgresEventLog } from './postgres-event-log.js';
import type { PostgresEventLogOptions } from './postgres-event-log.js';
import { sqlOfPg } from './sql-session.js';
import type { SqlSession } from './sql-session.js';

/** Why the log holds a lock from the append to the commit, and what that costs at worst. */
describe('the lock of the Postgres log', () => {
  let database: OwnDatabase;
  const followings = new Followings();
  beforeAll(async () => {
    database = await OwnDatabase.create(process.env.TEST_DATABASE_URL);
    await database.pool.query(`CREATE TABLE subjects (id text PRIMARY KEY, changes int NOT NULL);
      CREATE TABLE naive_log (position bigserial PRIMARY KEY, id text NOT NULL)`);
  });
  beforeEach(async () => {
    await database.pool.query('DROP SCHEMA IF EXISTS event_log CASCADE; TRUNCATE naive_log, subjects');
    await migrateEventLog(sqlOfPg(database.pool));
  });
  afterEach(() => followings.stop());
  afterAll(() => database?.drop());

  function newLog(more: Partial<PostgresEventLogOptions> = {}): PostgresEventLog {
    return new PostgresEventLog({ pool: database.pool, listen: database.url, log: rememberingLogger().log, ...more });
  }

  /** A log as one writes it first: a sequence, and a reader that asks for what is behind its last position. */
  const naive = {
    async append(transaction: SqlSession, events: readonly NewEvent[]): Promise<LoggedEvent[]> {
      for (const { id } of events) await transaction.rows('INSERT INTO naive_log (id) VALUES ($1)', [id]);
      return [];
    },
    follow(seen: string[]): { stop(): Promise<void> } {
      let position = '0';
      let stopped = false;
      const loop = (async () => {
        while (!stopped) {
          const { rows } = await database.pool.query<{ position: string; id: string }>(
            'SELECT position, id FROM naive_log WHERE position > $1 ORDER BY position LIMIT 500',
            [position],
          );
          seen.push(...rows.map(({ id }) => id));
          position = rows.at(-1)?.position ?? position;
        }
      })();
      return { stop: () => ((stopped = true), loop) };
    },
  };

  it('is needed: without it the scenario of the contract loses an event', async () => {
    const seen: string[] = [];
    const following = naive.follow(seen);
    await commitOutOfOrder({
      begin: () => database.begin(),
      append: naive.append,
      isHeldUp: () => Promise.resolve(false),
      followed: () => seen,
    }).finally(() => following.stop());
    expect(seen).toEqual(['late', 'last']);
    const { rows } = await database.pool.query('SELECT id FROM naive_log ORDER BY position');
    expect(rows.map((row: { id: string }) => row.id)).toEqual(['early', 'late', 'last']);
  });

  it('loses nothing where the naive log does, and lets the second append wait for the first commit', async () => {
    const log = newLog();
    const live = listener('live', ['keys']);
    followings.start(log, live.follower);
    let heldUp = false;
    await commitOutOfOrder({
      begin: () => database.begin(),
      append: (session, events) => log.append(session, events),
      isHeldUp: async (transaction) =>
        (heldUp ||= await database.waitsForAdvisoryLock((transaction as typeof transaction & { pid: number }).pid)),
      followed: live.ids,
    });
    expect(heldUp).toBe(true);
    expect(live.ids()).toEqual(['early', 'late', 'last']);
  });

  it('keeps the order of a subject when the later change has the earlier transaction id', async () => {
    const log = newLog();
    await database.pool.query(`INSERT INTO subjects VALUES ('key_1', 0), ('other', 0)`);
    const change = (session: SqlSession, id: string) =>
      session.rows('UPDATE subjects SET changes = changes + 1 WHERE id = $1', [id]);
    const xid = async (session: SqlSession) =>
      Number((await session.rows<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid'))[0]?.xid);

    const waits = await database.begin();
    await change(waits.session, 'other');
    const first = await database.begin();
    await change(first.session, 'key_1');
    expect(await xid(waits.session)).toBeLessThan(await xid(first.session));
    const second = change(waits.session, 'key_1').then(() => log.append(waits.session, [keyRenamed('second')]));
    await log.append(first.session, [keyRenamed('first')]);
    await first.commit();
    await second;
    await waits.commit();

    const { follower, ids } = listener('reader', ['keys']);
    await followings.start(log, follower).caughtUp(10_000);
    expect(ids()).toEqual(['first', 'second']);
  });

  it('lets followers go on while an unrelated transaction stays open', async () => {
    const log = newLog();
    const long = await database.begin();
    await long.session.rows(`INSERT INTO subjects VALUES ('long', 0)`);
    const { follower, ids } = listener('reader', ['usage']);
    const following = followings.start(log, follower);
    await log.publish([requestBilled('1')]);
    await following.caughtUp(10_000);
    expect(ids()).toEqual(['1']);
    await long.rollback();
  });

  it('gives a publish that had to wait positions behind all that it waited for', async () => {
    const log = newLog();
    const holder = await database.begin();
    await log.append(holder.session, [keyRenamed('first')]);
    const published = log.publish([requestBilled('published')]);
    await eventually(async () => {
      const { rows } = await database.pool.query(
        `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      expect(rows).toHaveLength(1);
    });
    await log.append(holder.session, [keyRenamed('second')]);
    await holder.commit();
    await published;
    const { follower, ids } = listener('reader', ['keys', 'usage']);
    await followings.start(log, follower).caughtUp(10_000);
    expect(ids()).toEqual(['first', 'second', 'published']);
  });

  it('fails an append in time, and takes the lock from a holder that does nothing', async () => {
    const impatient = newLog({ lockTimeoutMs: 50 });
    const log = newLog({ appendIdleTimeoutMs: 300 });
    const holder = await database.begin();
    await log.append(holder.session, [keyRenamed('never committed')]);
    await expect(impatient.publish([requestBilled('1')])).rejects.toThrow(/lock timeout/);
    await newLog().publish([requestBilled('2')]);
    await expect(holder.commit()).rejects.toThrow();
    const { follower, ids } = listener('reader', ['keys', 'usage']);
    await followings.start(log, follower).caughtUp(10_000);
    expect(ids()).toEqual(['2']);
  });

  it('is given back with a savepoint that is rolled back', async () => {
    const log = newLog();
    const outer = await database.begin();
    await outer.session.rows('SAVEPOINT try');
    await log.append(outer.session, [keyRenamed('undone')]);
    await outer.session.rows('ROLLBACK TO SAVEPOINT try');
    await log.publish([requestBilled('1')]);
    await log.append(outer.session, [keyRenamed('kept')]);
    await outer.commit();
    const { follower, ids } = listener('reader', ['keys', 'usage']);
    await followings.start(log, follower).caughtUp(10_000);
    await eventually(() => expect(ids()).toEqual(['1', 'kept']));
  });
});
