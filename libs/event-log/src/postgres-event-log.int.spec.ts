import pg from 'pg';
import { DataSource } from 'typeorm';
import { toCloudEvent } from '@tollgate/contracts';
import { eventually } from '@tollgate/testing';
import { checkpointTableSql, PgCheckpointStore } from './checkpoint.js';
import { eventLogContract } from './event-log.contract.js';
import type { CheckpointStore, EventLog } from './event-log.js';
import { headPosition, migrateEventLog } from './fact-table.js';
import { appendCommitted, Followings, keyRenamed, listener, requestBilled, runFinished } from './harness.contract.js';
import type { EventLogHarness, OpenTransaction } from './harness.contract.js';
import { logEndsContract } from './log-ends.contract.js';
import { PostgresLogEnds } from './log-ends.js';
import { OwnDatabase, rememberingLogger } from './own-database.contract.js';
import { sleep as realSleep } from './pauses.js';
import { PostgresEventLog, readFrom } from './postgres-event-log.js';
import type { PostgresEventLogOptions } from './postgres-event-log.js';
import { sqlOfPg, sqlOfTypeOrm } from './sql-session.js';

const CHECKPOINTS = 'follower.checkpoints';
const POLL_MS_NEVER = 60_000;

let database: OwnDatabase;
beforeAll(async () => {
  database = await OwnDatabase.create(process.env.TEST_DATABASE_URL);
});
afterAll(() => database?.drop());

function newLog(more: Partial<PostgresEventLogOptions> = {}): PostgresEventLog {
  return new PostgresEventLog({ pool: database.pool, listen: database.url, log: rememberingLogger().log, ...more });
}

async function emptyLog(): Promise<void> {
  await database.pool.query('DROP SCHEMA IF EXISTS event_log CASCADE; DROP SCHEMA IF EXISTS follower CASCADE');
  await migrateEventLog(sqlOfPg(database.pool));
  await database.pool.query('CREATE SCHEMA follower');
  await database.pool.query(checkpointTableSql(CHECKPOINTS));
  await database.pool.query('CREATE TABLE follower.effects (nth bigserial PRIMARY KEY, event_id text NOT NULL)');
}

async function makeHarness(): Promise<EventLogHarness> {
  await emptyLog();
  const pausesMs: number[] = [];
  const sleep = (ms: number, signal: AbortSignal) => {
    pausesMs.push(ms);
    return realSleep(1, signal);
  };
  return {
    log: newLog({ sleep }),
    elsewhere: newLog({ sleep }),
    checkpoint: new PgCheckpointStore(database.pool, CHECKPOINTS),
    oneLine: true,
    begin: () => database.begin(),
    isHeldUp: (transaction) => database.waitsForAdvisoryLock((transaction as OpenTransaction & { pid: number }).pid),
    recordEffect: async (session, eventId) => {
      await session.rows('INSERT INTO follower.effects (event_id) VALUES ($1)', [eventId]);
    },
    effects: async () => {
      const { rows } = await database.pool.query('SELECT event_id FROM follower.effects ORDER BY nth');
      return rows.map((row: { event_id: string }) => row.event_id);
    },
    pausesMs,
    close: () => Promise.resolve(),
  };
}

eventLogContract('PostgresEventLog', makeHarness);

logEndsContract('PostgresEventLog', async () => ({
  harness: await makeHarness(),
  ends: new PostgresLogEnds(sqlOfPg(database.pool)),
}));

describe('PostgresEventLog', () => {
  let harness: EventLogHarness;
  const followings = new Followings();
  beforeEach(async () => {
    harness = await makeHarness();
  });
  afterEach(() => followings.stop());

  const recorder = (more = {}) => ({
    name: 'recorder',
    topics: ['keys'] as const,
    checkpoint: harness.checkpoint,
    handle: async (events: readonly { id: string }[], transaction?: OpenTransaction['session']) => {
      for (const { id } of events) if (transaction) await harness.recordEffect(transaction, id);
    },
    ...more,
  });

  /** Follows, listens, and has handled one event. */
  async function live(log: EventLog, ids: () => string[], follower: Parameters<EventLog['follow']>[0]) {
    const following = followings.start(log, follower);
    await appendCommitted(harness, [keyRenamed('first')]);
    await eventually(() => expect(ids()).toEqual(['first']));
    return following;
  }

  it('migrates once, from however many processes', async () => {
    await database.pool.query('DROP SCHEMA event_log CASCADE');
    await Promise.all([1, 2, 3, 4].map(() => migrateEventLog(sqlOfPg(database.pool))));
    await harness.log.publish([requestBilled('1')]);
    await migrateEventLog(sqlOfPg(database.pool));
    expect(await readFrom(database.pool, ['usage'], 0n, 10)).toHaveLength(1);
  });

  it('stores the envelope to the byte, and knows its head by topic', async () => {
    const event = runFinished('hard');
    await harness.log.publish([event, requestBilled('1')]);
    const { rows } = await database.pool.query(`SELECT event, position FROM event_log.facts WHERE id = 'hard'`);
    expect(rows[0].event).toBe(JSON.stringify(toCloudEvent(event)));
    expect(await headPosition(sqlOfPg(database.pool), ['runs'])).toBe(BigInt(rows[0].position));
    expect(await headPosition(sqlOfPg(database.pool), ['keys'])).toBe(0n);
  });

  it('appends in a transaction of TypeORM', async () => {
    const dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    const logged = await dataSource.transaction((manager) =>
      harness.log.append(sqlOfTypeOrm(manager), [keyRenamed('a'), keyRenamed('b')]),
    );
    const checkpoint: CheckpointStore = {
      table: CHECKPOINTS,
      inTransaction: (work) => dataSource.transaction((manager) => work(sqlOfTypeOrm(manager))),
    };
    const following = followings.start(harness.log, recorder({ checkpoint }));
    await following.caughtUp(10_000);
    expect(await harness.effects()).toEqual(['a', 'b']);
    expect(following.state().position).toBe(logged[1]?.position);
    await following.stop();
    await dataSource.destroy();
  });

  it('wakes a follower long before it would poll', async () => {
    const { follower, ids } = listener('woken', ['keys']);
    const log = newLog({ pollMs: POLL_MS_NEVER });
    const following = followings.start(log, follower);
    await database.listenerPid();
    await eventually(() => expect(following.state().status).toBe('running'));
    for (const [nth, id] of ['a', 'b', 'c'].entries()) {
      await appendCommitted(harness, [keyRenamed(id)]);
      await eventually(() => expect(ids()).toHaveLength(nth + 1), { timeoutMs: 2_000 });
    }
  });

  it('delivers by polling when nobody can listen', async () => {
    const { log, lines } = rememberingLogger();
    const deaf = newLog({ listen: 'postgres://nobody@127.0.0.1:1/none', log, pollMs: 20 });
    const { follower, ids } = listener('deaf', ['keys']);
    await live(deaf, ids, follower);
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', message: expect.stringMatching(/listen/) }));
  });

  it('listens again after its connection was killed', async () => {
    const { follower, ids } = listener('killed', ['keys']);
    followings.start(newLog({ pollMs: POLL_MS_NEVER }), follower);
    const pid = await database.listenerPid();
    await database.pool.query('SELECT pg_terminate_backend($1)', [pid]);
    await eventually(async () => expect(await database.listenerPid()).not.toBe(pid));
    await appendCommitted(harness, [keyRenamed('a')]);
    await eventually(() => expect(ids()).toEqual(['a']));
  });

  it('recovers from the killing of every connection in the middle of a batch', async () => {
    const { log, lines } = rememberingLogger();
    const pool = new pg.Pool({ connectionString: database.url, max: 4 });
    const gate = Promise.withResolvers<void>();
    let pid = 0;
    const plain = recorder();
    const following = followings.start(newLog({ pool, log }), {
      ...recorder({ checkpoint: new PgCheckpointStore(pool, CHECKPOINTS) }),
      handle: async (events, transaction) => {
        await plain.handle(events, transaction);
        if (!pid) [{ pid }] = (await transaction?.rows('SELECT pg_backend_pid() AS pid')) as [{ pid: number }];
        await gate.promise;
      },
    });
    await appendCommitted(harness, [keyRenamed('a'), keyRenamed('b')]);
    await eventually(() => expect(pid).toBeGreaterThan(0));
    await database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    gate.resolve();
    await following.caughtUp(10_000);
    await appendCommitted(harness, [keyRenamed('c')]);
    await following.caughtUp(10_000);
    expect(await harness.effects()).toEqual(['a', 'b', 'c']);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
    await followings.stop();
    await pool.end();
  });

  it('stops at an event that cannot be read, and names it', async () => {
    await appendCommitted(harness, [keyRenamed('a')]);
    await database.pool.query(`INSERT INTO event_log.facts (id, topic, subject, type, event) VALUES
      ('odd', 'keys', 'key_1', 'KeyRenamed', '{"specversion":"1.0"}')`);
    const odd = await headPosition(sqlOfPg(database.pool), ['keys']);
    const following = followings.start(harness.log, recorder());
    await expect(following.caughtUp(10_000)).rejects.toThrow(`position ${odd}`);
    expect(await harness.effects()).toEqual(['a']);
  });

  it('waits for its checkpoint table instead of failing', async () => {
    await database.pool.query(`ALTER TABLE ${CHECKPOINTS} RENAME TO away`);
    const following = followings.start(harness.log, recorder({ retriesMax: 0 }));
    await eventually(() => expect(following.state()).toMatchObject({ status: 'retrying' }));
    await database.pool.query('ALTER TABLE follower.away RENAME TO checkpoints');
    await appendCommitted(harness, [keyRenamed('a')]);
    await following.caughtUp(10_000);
    expect(await harness.effects()).toEqual(['a']);
  });

  it('publishes and follows 20,000 events', async () => {
    const batches = Array.from({ length: 20 }, (_, batch) =>
      Array.from({ length: 500 }, (_, nth) => [
        requestBilled(`b${batch}.${nth}`),
        runFinished(`f${batch}.${nth}`),
      ]).flat(),
    );
    const perSecond = async (work: () => Promise<unknown>) => {
      const begun = performance.now();
      await work();
      return Math.round(20_000 / ((performance.now() - begun) / 1_000));
    };
    const published = await perSecond(async () => {
      for (const batch of batches) await harness.log.publish(batch);
    });
    let got = 0;
    const count = { handle: (events: readonly unknown[]) => Promise.resolve(void (got += events.length)) };
    const follow = (more: object) => async () => {
      const topics = ['usage', 'runs'] as const;
      await followings.start(harness.log, { ...recorder({ topics }), ...count, ...more }).caughtUp(30_000);
    };
    const followed = await perSecond(follow({ name: 'a' }));
    const byMore = await perSecond(follow({ name: 'b', batchEventsMax: 2_000 }));
    const inMemory = await perSecond(follow({ name: 'c', checkpoint: undefined }));
    expect(got).toBe(60_000);
    process.stdout.write(
      `events/s: published ${published}; followed with checkpoint ${followed} (by 500), ${byMore} (by 2,000); without ${inMemory}\n`,
    );
  });
});
