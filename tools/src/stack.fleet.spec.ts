import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { directoryFingerprint, RedisConnection, RedisDirectoryStore } from '@tollgate/access';
import { asyncApiOf } from '@tollgate/service-kit';
import { eventually, OwnRedis } from '@tollgate/testing';
import pg from 'pg';
import { execute, FleetLoad } from './fleet-load.js';
import { type Replayed, replayStack } from './fleet-replay.js';
import { FleetTenant } from './fleet-tenant.js';
import { isAlive, launch, type OwnProcess } from './own-process.js';
import { livePids, readStack, type StackFile, stackPath } from './stack-file.js';
import { serviceReady } from './stack-services.js';
import { startStack } from './stack-start.js';
import { stopStack } from './stack-stop.js';

const TIMEOUT_MS = 240_000;

describe('the fleet: two gateways, keys, billing and logs on real Kafka, Redis and PostgreSQL', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-fleet-'));
  let stack: StackFile;
  let tenant: FleetTenant;
  const say = () => undefined;

  beforeAll(async () => {
    stack = await startStack({ dir, gateways: 2, say, settings: { BILLING: 'off' } });
    tenant = await FleetTenant.make(stack);
  }, TIMEOUT_MS);
  afterAll(async () => {
    if (readStack(dir)) await stopStack(dir);
    rmSync(dir, { recursive: true, force: true });
  }, TIMEOUT_MS);

  const on = (gateway: number, key: string) =>
    execute({ baseUrl: stack.baseUrls[gateway] ?? '', workflowId: tenant.workflowId, key });

  const nothingIsMissing = (atLeast: number) =>
    eventually(
      async () => {
        const reconciled = await tenant.reconciliation();
        expect(reconciled).toMatchObject({ difference: 0, missing: [], extra: [], asOf: { complete: true } });
        expect(reconciled.billed).toBeGreaterThanOrEqual(atLeast);
        return reconciled;
      },
      { timeoutMs: 90_000, everyMs: 500 },
    );

  test('stack.json says what runs and holds its secrets from others', () => {
    expect(stack.baseUrls).toHaveLength(2);
    expect(readStack(dir)).toEqual(JSON.parse(JSON.stringify(readStack(dir))));
    expect(statSync(stackPath(dir)).mode & 0o777).toBe(0o600);
    expect(stack.processes.map(({ name, kind }) => [name, kind])).toEqual([
      ['kafka', 'infra'],
      ['redis', 'infra'],
      ['postgres', 'infra'],
      ['keys', 'service'],
      ['billing', 'service'],
      ['logs', 'service'],
      ['gateway-1', 'service'],
      ['gateway-2', 'service'],
    ]);
    for (const process of stack.processes) expect(livePids(process)).toEqual([process.pid]);
  });

  test('each gateway serves the dashboard, the documents and its health', async () => {
    for (const url of stack.baseUrls) {
      const page = await fetch(url);
      expect(page.headers.get('content-type')).toMatch(/^text\/html/);
      expect((await fetch(`${url}/health/ready`)).status).toBe(200);
      const events = await (await fetch(`${url}/asyncapi.json`)).json();
      expect(events).toEqual(JSON.parse(JSON.stringify(asyncApiOf('tollgate.'))));
      const whole = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
      const ofEach = ['/api/workspaces', '/api/billing/reports', '/api/v1/logs', '/api/workflows/{id}/execute'];
      expect(Object.keys(whole.paths)).toEqual(expect.arrayContaining(ofEach));
      expect(whole).not.toHaveProperty('x-incomplete');
    }
  });

  test(
    'a key that was just issued works on the other gateway at once; what it ran is in bill and log once',
    async () => {
      for (let nth = 1; nth <= 5; nth += 1) {
        const { key } = await tenant.issueKey(`new ${nth}`);
        expect((await on(nth % 2, key)).status).toBe(200);
      }
      await nothingIsMissing(5);
      const report = await tenant.get<{ total: { requests: number } }>('/api/billing/reports?groupBy=workflow');
      expect(report.total.requests).toBe(5);
    },
    TIMEOUT_MS,
  );

  test(
    'a revoked key is confirmed by both gateways and refused by both from then on',
    async () => {
      const { id, key } = await tenant.issueKey('to be revoked');
      expect([(await on(0, key)).status, (await on(1, key)).status]).toEqual([200, 200]);
      const { receipt } = await tenant.revoke(id);
      expect([(await on(0, key)).status, (await on(1, key)).status]).toEqual([401, 401]);
      expect(receipt.gateways.length + receipt.fenced.length).toBeGreaterThanOrEqual(2);
      expect(receipt.position).toMatch(/^\d+$/);
    },
    TIMEOUT_MS,
  );

  test(
    'each service killed under load and started again as stack.json says: every answer is billed and logged once',
    async () => {
      const { key } = await tenant.issueKey('under load');
      const before = (await nothingIsMissing(0)).billed;
      const load = new FleetLoad({ baseUrls: stack.baseUrls, workflowId: tenant.workflowId, key }, 4);
      try {
        for (const process of stack.processes.filter(({ kind }) => kind === 'service')) {
          const answered = load.answered.size;
          await eventually(() => expect(load.answered.size).toBeGreaterThan(answered + 20), { timeoutMs: 30_000 });
          await killAndStartAgain(process);
        }
      } finally {
        await load.stop();
      }
      const { billed } = await nothingIsMissing(before + load.answered.size);
      const logged = await tenant.loggedRuns(key);
      console.info(`${load.answered.size} answered, ${billed} billed; by status ${JSON.stringify([...load.statuses])}`);
      expect(load.answered.size).toBeGreaterThan(100);
      expect(load.statuses.get(401) ?? 0).toBe(0);
      expect(new Set(logged).size).toBe(logged.length);
      const inLog = new Set(logged);
      expect([...load.answered].filter((runId) => !inLog.has(runId))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  async function killAndStartAgain(service: OwnProcess): Promise<void> {
    const pids = livePids(service);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await eventually(() => expect(pids.filter(isAlive)).toEqual([]));
    await serviceReady({ ...service, pid: launch(service) });
  }

  describe('npm run replay of the stack, from Kafka', () => {
    const PARTS = ['directory', 'reports', 'ledger', 'totals', 'run log', 'workflows'];
    const urlOf = (name: string) => stack.processes.find((process) => process.name === name)?.url ?? '';
    let target: OwnRedis;
    let database: pg.Client;
    let live: RedisConnection;
    let first: Replayed;
    const onRedis = (text: string) => live.eval<number>({ text, sha: '0'.repeat(40) }, [], []);

    beforeAll(async () => {
      target = await OwnRedis.start();
      database = new pg.Client(urlOf('postgres'));
      await database.connect();
      live = await RedisConnection.open({ url: urlOf('redis') });
      const { key } = await tenant.issueKey('of the replay');
      await tenant.revoke((await tenant.issueKey('revoked before the replay')).id);
      await tenant.allowPersonalKeys(false);
      const before = (await nothingIsMissing(0)).billed;
      const load = new FleetLoad({ baseUrls: stack.baseUrls, workflowId: tenant.workflowId, key }, 4);
      await eventually(() => expect(load.answered.size).toBeGreaterThan(300), { timeoutMs: 60_000 });
      await load.stop();
      await nothingIsMissing(before + load.answered.size);
      first = await replayStack(dir, '--into', 'rebuilt', '--redis', target.url);
    }, TIMEOUT_MS);
    afterAll(async () => {
      live?.close();
      await database?.end();
      await target?.dispose();
    });

    test('fills an empty database and an empty Redis with the very same', () => {
      console.info(first.said);
      expect(first).toMatchObject({
        code: 0,
        said: expect.stringContaining(`the stack in ${dir}: Kafka at 127.0.0.1:`),
      });
      expect(Object.keys(first.hashes)).toEqual(PARTS);
      for (const sides of Object.values(first.hashes)) expect(new Set(Object.values(sides)).size).toBe(1);
      expect(Object.keys(first.hashes.directory ?? {})).toEqual(['rebuilt', 'folded', 'live']);
      expect(first.said).toMatch(/ledger +\d{3,} +rebuilt/);
    });

    test(
      'tells what somebody has changed by hand, and fails; flushed, the Redis in use is what it was',
      async () => {
        await database.query('UPDATE billing.ledger SET duration_ms = duration_ms + 1 WHERE event_id = $1', [
          (await database.query<{ id: string }>('SELECT event_id AS id FROM billing.ledger LIMIT 1')).rows[0]?.id,
        ]);
        const unrevoke = `for _, key in ipairs(redis.call('KEYS', 'tollgate:{directory}:key:*')) do redis.call('HDEL', key, 'revoked') end`;
        await onRedis(unrevoke);
        const changed = await replayStack(dir, '--into', 'changed', '--redis', `${target.url}/1`);
        expect(changed.code).toBe(1);
        const isSame = ([rebuilt, ...others]: string[]) => others.every((each) => each === rebuilt);
        const different = PARTS.filter((part) => !isSame(Object.values(changed.hashes[part] ?? {})));
        expect(different).toEqual(['directory', 'reports', 'ledger']);
        expect(changed.hashes.ledger?.rebuilt).toBe(first.hashes.ledger?.rebuilt);
        expect(changed.hashes.directory?.rebuilt).toBe(first.hashes.directory?.rebuilt);

        await onRedis(`return redis.call('FLUSHALL')`);
        await eventually(
          async () =>
            expect((await directoryFingerprint(new RedisDirectoryStore(live).held())).sha256).toBe(
              first.hashes.directory?.live,
            ),
          { timeoutMs: 60_000, everyMs: 500 },
        );
      },
      TIMEOUT_MS,
    );
  });

  test(
    'a second start in the folder is refused; a stop ends everything, what was started again included',
    async () => {
      await expect(startStack({ dir, gateways: 2, say })).rejects.toThrow(/A stack runs in .* already .*stack:stop/);
      await stopStack(dir);
      expect(stack.processes.flatMap(livePids)).toEqual([]);
      await expect(stopStack(dir)).rejects.toThrow(/No stack runs in/);
    },
    TIMEOUT_MS,
  );
});
