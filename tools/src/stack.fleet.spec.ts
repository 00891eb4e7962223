import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@tollgate/testing';
import { execute, FleetLoad } from './fleet-load.js';
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
      for (const path of ['/openapi.json', '/asyncapi.json', '/health/ready']) {
        expect((await fetch(url + path)).status).toBe(200);
      }
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
