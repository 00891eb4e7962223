import { randomBytes } from 'node:crypto';
import { eventually, OwnRedis, OwnRedisCluster } from '@tollgate/testing';
import fc from 'fast-check';
import type { AdmissionRequest, Precheck } from './admission.js';
import { MemoryAdmission, MemoryCounters, MemoryQuota } from './memory-admission.js';
import { parsePlans } from './plans.js';
import { RedisAdmission } from './redis-admission.js';
import type { AnyRedis } from './redis-connection.js';
import { RedisCounters } from './redis-counters.js';
import { RedisBench } from './redis-harness.contract.js';
import { RedisQuota } from './redis-quota.js';

/** Two minutes before a period ends, so that it changes under way. */
const BEGIN_MS = Date.UTC(2026, 10, 30, 23, 58);
const PLANS = parsePlans(
  JSON.stringify({
    free: { syncPerMinute: 3, asyncPerMinute: 'off', concurrentRuns: 2, allowanceUsd: '0.04' },
    pro: { syncPerMinute: 'off', asyncPerMinute: 2, concurrentRuns: 'off' },
  }),
);

type Step =
  | {
      do: 'admit';
      payer: string;
      id: number;
      claimed: boolean;
      plan: 'free' | 'pro';
      bucket: 'sync' | 'async';
      limit: number | null;
      reserve: number;
      stage: 'run' | 'queue' | 'start';
      precheck: Precheck | undefined;
      hasRoom: boolean;
    }
  | { do: 'finish'; payer: string; id: number; cost: number }
  | { do: 'settle'; payer: string; total: number; position: number; ids: number[]; next: boolean }
  | { do: 'take'; ids: readonly string[] }
  | { do: 'wait'; ms: number };

/** One in ten. */
const PRECHECKS: readonly (Precheck | undefined)[] = ['suspended', 'notDeployed'];
const payer = fc.constantFrom('u1', 'u2');
const id = fc.integer({ min: 0, max: 9 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('admit' as const),
      payer,
      id,
      claimed: fc.boolean(),
      plan: fc.constantFrom('free' as const, 'free' as const, 'pro' as const),
      bucket: fc.constantFrom('sync' as const, 'async' as const),
      limit: fc.constantFrom(null, 10_000, 15_000, 20_000, 0),
      reserve: fc.constantFrom(0, 5_000, 5_000, 5_000, 7_000),
      stage: fc.constantFrom('run' as const, 'run' as const, 'queue' as const, 'start' as const),
      precheck: fc.integer({ min: 0, max: 19 }).map((nth) => PRECHECKS[nth]),
      hasRoom: fc.constantFrom(true, true, true, false),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('finish' as const),
      payer,
      id,
      cost: fc.constantFrom(0, 5_000, 5_000, 9_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      payer,
      total: fc.constantFrom(0, 5_000, 10_000, 30_000),
      position: fc.integer({ min: 0, max: 20 }),
      ids: fc.array(id, { maxLength: 3 }),
      next: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      ids: fc.constantFrom(['user:u1'], ['key:k1', 'user:u1'], ['key:k2', 'user:u1']),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: -70_000, max: 70_000 }) }),
  },
);

/** Payers use the same ids. */
const runId = (of: { id: number }) => `run-${of.id}`;

describe('admission in Redis', () => {
  let server: OwnRedisCluster;
  let bench: RedisBench;
  let redis: AnyRedis;
  const opened: RedisAdmission[] = [];
  const countersOf = (now?: () => number, connection = redis) =>
    new RedisCounters({
      redis: connection,
      plans: PLANS,
      prefix: `spec-${randomBytes(5).toString('hex')}`,
      ...(now && { now }),
    });
  const open = (counters: RedisCounters) => {
    const admission = new RedisAdmission(counters);
    opened.push(admission);
    return admission;
  };

  beforeAll(async () => {
    server = await OwnRedisCluster.start();
    bench = new RedisBench(server.url);
    redis = await bench.connect();
  });
  afterAll(async () => {
    await Promise.all(opened.map((admission) => admission.close()));
    await bench.dispose();
    await server.dispose();
  });

  const run = (nth: number, more: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
    runId: `run-${nth}`,
    runIdClaimed: false,
    payerUserId: 'u1',
    plan: 'free',
    usageLimitMicros: null,
    bucketId: 'u1',
    bucket: 'async',
    reserveMicros: 5_000,
    nowMs: Date.now(),
    ...more,
  });

  it('decides and counts as the one in memory does, whatever comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 45 }), async (steps) => {
        let nowMs = BEGIN_MS;
        const memory = new MemoryCounters({ plans: PLANS, now: () => nowMs });
        const counters = countersOf(() => nowMs);
        const [one, other] = [new MemoryAdmission(memory), open(counters)];
        const [quota, otherQuota] = [new MemoryQuota(memory), new RedisQuota(counters)];
        for (const each of steps) {
          if (each.do === 'wait') nowMs += each.ms;
          if (each.do === 'admit') {
            const { payer, claimed, plan, bucket, limit, reserve, stage, precheck, hasRoom } = each;
            const request: AdmissionRequest = {
              ...{ runId: runId(each), runIdClaimed: claimed, payerUserId: payer, plan, usageLimitMicros: limit },
              ...{ bucketId: payer, bucket, reserveMicros: reserve, nowMs, stage, hasRoom },
              ...(precheck && { precheck }),
            };
            expect(await other.admit(request)).toEqual(one.admit(request));
          }
          if (each.do === 'finish') {
            one.finish(runId(each), each.payer, each.cost);
            await other.finish(runId(each), each.payer, each.cost);
          }
          if (each.do === 'settle') {
            const settlement = {
              payerUserId: each.payer,
              period: each.next ? '2026-12' : '2026-11',
              totalMicros: each.total,
              runIds: each.ids.map((nth) => runId({ id: nth })),
              position: BigInt(each.position),
            };
            one.settle([settlement]);
            await other.settle([settlement]);
          }
          if (each.do === 'take') {
            const request = { bucket: 'api', bucketIds: each.ids, plan: 'free', nowMs } as const;
            expect(await otherQuota.take(request)).toEqual(quota.take(request));
          }
          for (const payer of ['u1', 'u2']) {
            expect(await otherQuota.spentMicros(payer, nowMs)).toBe(quota.spentMicros(payer, nowMs));
            const look = { bucket: 'sync', bucketId: payer, plan: 'free', nowMs } as const;
            expect(await otherQuota.peek(look)).toEqual(quota.peek(look));
          }
        }
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it('holds a limit for all gateways together, also when they ask at once', async () => {
    const counters = countersOf();
    const gateways = [open(counters), open(counters)];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, nth) => gateways[nth % 2]!.admit(run(nth, { reserveMicros: 0 }))),
    );
    expect(answers.filter(({ outcome }) => outcome === 'admitted')).toHaveLength(2);
    const claims = await Promise.all(
      gateways.map((each) => each.admit(run(99, { payerUserId: 'u2', bucketId: 'u2', runIdClaimed: true }))),
    );
    expect(claims.map(({ outcome }) => outcome).sort()).toEqual(['admitted', 'runIdUsed']);
  });

  it('gives back what a gateway that died has held, and nothing that a living one holds', async () => {
    const counters = countersOf();
    const [dead, alive] = [open(counters), open(counters)];
    await dead.admit(run(1));
    await alive.admit(run(2));
    expect(await alive.admit(run(3))).toMatchObject({ outcome: 'tooManyConcurrent' });
    const [, , leases] = counters.accountKeys('u1');
    // As if the time of a lease had gone by without a word of the dead one.
    expect(await server.ask(leases!, `ZADD ${leases} XX 1 run-1`)).toBe(':0');
    expect(await alive.admit(run(4))).toMatchObject({ outcome: 'admitted' });
    expect(await new RedisQuota(counters).spentMicros('u1', Date.now())).toBe(10_000);
  });

  it('goes on by itself while Redis is away, and tells it afterwards what the runs cost', async () => {
    const lossy = await OwnRedis.start();
    const own = new RedisBench(lossy.url);
    const counters = countersOf(undefined, await own.connect());
    const admission = open(counters);
    const quota = new RedisQuota(counters);
    const other = { payerUserId: 'u2', bucketId: 'u2' };
    expect(await admission.admit(run(1))).toMatchObject({ outcome: 'admitted' });
    await lossy.kill();
    expect(await admission.admit(run(2))).toMatchObject({ outcome: 'admitted' });
    expect(await admission.admit(run(2, other))).toMatchObject({ outcome: 'admitted' });
    expect(await admission.admit(run(3))).toMatchObject({ outcome: 'admitted' });
    expect(await admission.admit(run(4))).toMatchObject({ outcome: 'tooManyConcurrent' });
    await admission.finish('run-1', 'u1', 5_000);
    await admission.finish('run-2', 'u1', 6_000);
    await admission.finish('run-2', 'u2', 7_000);
    for (const nth of [5, 6]) expect(await admission.admit(run(nth, other))).toMatchObject({ outcome: 'admitted' });
    await lossy.again();
    await eventually(async () => expect(await quota.spentMicros('u1', Date.now())).toBe(11_000));
    await eventually(async () => expect(await quota.spentMicros('u2', Date.now())).toBe(7_000));
    await own.dispose();
    await lossy.dispose();
  });
});
