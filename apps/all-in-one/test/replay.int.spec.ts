import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { meterFollower, METER_CHECKPOINTS, openBillingDatabase } from '@tollgate/billing';
import type { EventData, NewEvent } from '@tollgate/contracts';
import {
  type EventLog,
  type Follower,
  migrateEventLog,
  PgCheckpointStore,
  PostgresEventLog,
  sqlOfPg,
} from '@tollgate/event-log';
import { openLogsDatabase, recorder } from '@tollgate/logs';
import { Databases, loadConfig } from '@tollgate/service-kit';
import { type FreshDatabase, freshDatabase } from '@tollgate/testing';

const REPLAY = join(import.meta.dirname, '../dist/replay.js');
const RUNS = Number(process.env.REPLAY_RUNS ?? 1_500);
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Both events of a run. Payers, names and costs differ from run to run. */
function eventsOf(nth: number): NewEvent[] {
  const runId = `run-${nth}`;
  const at = new Date(Date.UTC(2026, 9, 1) + nth * 61_000).toISOString();
  const cost = { baseMicros: 5_000, runnerMicros: (nth * 7_919) % 10_000 };
  const run = {
    runId,
    workspaceId: `ws${nth % 5}`,
    workspaceName: nth % 3 ? 'Research' : '=Forschung',
    workflowId: `wf${nth % 9}`,
    workflowName: 'Summary',
    keyId: `key${nth % 4}`,
    keyName: 'Laptop',
    keyKind: nth % 2 ? 'personal' : 'workspace',
    actorUserId: null,
    payerUserId: `payer${nth % 6}`,
    trigger: 'api',
    durationMs: nth % 700,
  } as const;
  const billed: EventData<'RequestBilled'> = {
    ...run,
    ...cost,
    payerRule: 'key-type',
    priceId: 'default',
    admittedAt: at,
  };
  const finished: EventData<'RunFinished'> = {
    ...run,
    requestId: `request-${nth}`,
    deploymentVersionId: 'v1',
    billable: true,
    status: nth % 11 ? 'completed' : 'failed',
    startedAt: at,
    endedAt: at,
    costMicros: cost.baseMicros + cost.runnerMicros,
    input: { nth },
    output: { text: 'ok' },
    error: null,
    client: { userAgent: null, clientInfo: null },
  };
  const head = { source: '/tollgate/gateway', subject: runId, time: at };
  return [
    { id: `${runId}:billed`, type: 'RequestBilled', ...head, data: billed },
    { id: `${runId}:finished`, type: 'RunFinished', ...head, data: finished },
  ];
}

describe('npm run replay', () => {
  let source: FreshDatabase;
  let target: FreshDatabase;

  beforeAll(async () => {
    source = await freshDatabase();
    target = await freshDatabase();
    await migrateEventLog(sqlOfPg(source.pool));
    const log = new PostgresEventLog({ pool: source.pool, listen: source.url, log: silent });
    for (let from = 0; from < RUNS; from += 500) {
      await log.publish(Array.from({ length: Math.min(500, RUNS - from) }, (_, nth) => eventsOf(from + nth)).flat());
    }
    await asServicesDo(source.url, log);
  }, 120_000);
  afterAll(async () => {
    await source.drop();
    await target.drop();
  });

  /** Ledger and run log as the services make them, in batches of their own. */
  async function asServicesDo(url: string, log: EventLog): Promise<void> {
    const databases = new Databases();
    const config = loadConfig({ DATABASE_URL: url, DATABASE_POOL_MAX: '3' });
    const billing = await openBillingDatabase(databases, config);
    const logs = await openLogsDatabase(databases, config);
    const follow = async (follower: Follower) => {
      const following = log.follow({ ...follower, batchEventsMax: 170 });
      await following.caughtUp(60_000);
      await following.stop();
    };
    await follow(meterFollower(new PgCheckpointStore(billing.pool, METER_CHECKPOINTS)));
    await follow(recorder(logs.pool));
    await databases.close();
  }

  /** All indexes of both services; those of a partition have no name of their own choosing. */
  async function indexesOf(pool: FreshDatabase['pool']): Promise<string[]> {
    const { rows } = await pool.query<{ definition: string }>(
      `SELECT regexp_replace(indexdef, 'INDEX \\S+ ON', 'INDEX ON') AS definition FROM pg_indexes
       WHERE schemaname IN ('billing', 'logs') ORDER BY 1`,
    );
    expect(rows.length).toBeGreaterThan(15);
    return rows.map(({ definition }) => definition);
  }

  async function replay(into: string): Promise<{ code: number; said: string }> {
    const env = { PATH: process.env.PATH, DATABASE_URL: source.url, DATABASE_POOL_MAX: '3' };
    const child = spawn(process.execPath, [REPLAY, '--into', into], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, said };
  }

  test('given an empty database, reports, ledger and run log come out identical, and it says how fast', async () => {
    const { code, said } = await replay(target.url);
    console.info(said);
    expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining(`${RUNS * 2} events in `) });
    expect(said).toContain(`Reading the log of what the environment names: PostgreSQL at 127.0.0.1:`);
    expect(said.match(/reports .*|identical/g)).toHaveLength(6);
    expect(said).not.toContain('DIFFERENT');
    const { rows } = await target.pool.query('SELECT count(*)::int AS runs FROM billing.ledger');
    expect(rows).toEqual([{ runs: RUNS }]);
    expect(await indexesOf(target.pool)).toEqual(await indexesOf(source.pool));
  }, 120_000);

  test('given a database that holds anything, it is refused with what is in it', async () => {
    const { code, said } = await replay(target.url);
    expect({ code, said }).toMatchObject({ code: 1, said: expect.stringMatching(/is not empty, it has billing \(/) });
  });

  test('given a bill that somebody has changed, it says that the original is different', async () => {
    await source.pool.query(`UPDATE billing.ledger SET duration_ms = duration_ms + 1 WHERE run_id = 'run-7'`);
    const name = `replay_${process.pid}`;
    try {
      const { code, said } = await replay(name);
      expect(code).toBe(1);
      expect(said.match(/DIFFERENT/g)).toHaveLength(2);
    } finally {
      await source.pool.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    }
  }, 60_000);
});
