import { once } from 'node:events';
import { billing } from '@tollgate/billing';
import { gateway } from '@tollgate/gateway';
import { keys } from '@tollgate/keys';
import { logs } from '@tollgate/logs';
import { openApiOf, ownRoutes } from '@tollgate/service-kit';
import { eventually } from '@tollgate/testing';
import { call, execute, getWithKey, Person } from './person.js';
import { launch, SERVICES, type ServiceName, ServicesApart } from './services-apart.js';

describe('the four services as processes of their own, on one database and without Redis', () => {
  let apart: ServicesApart;
  beforeAll(async () => void (apart = await ServicesApart.start()));
  afterAll(() => apart.dispose());

  test('a key is issued at keys, runs at the gateway, is billed, logged and revoked', async () => {
    const ada = await Person.signUp(apart);
    const workspaceId = await ada.workspace();
    // The gateway learns of the workspace by the log, a moment later.
    const workflowId = await eventually(() => ada.workflow(workspaceId));
    const { id, key } = await ada.personalKey();

    const run = await eventually(async () => {
      const answer = await execute(apart, workflowId, key, { question: 42 });
      expect(answer.status).toBe(200);
      return answer;
    });
    expect(run.body).toMatchObject({ success: true, output: { question: 42 } });

    await eventually(async () => {
      const bill = await ada.ok('GET', '/api/billing/reports?groupBy=key');
      expect(bill.rows).toEqual([expect.objectContaining({ keyId: id, requests: 1, cost: '0.005000' })]);
      const log = await getWithKey(apart, `/api/v1/logs?workspaceId=${workspaceId}`, key);
      expect(log.body.data).toEqual([expect.objectContaining({ executionId: run.body.executionId, level: 'info' })]);
    });
    expect((await ada.ok('GET', `/api/logs?workspaceId=${workspaceId}`)).data).toHaveLength(1);
    const execution = `/api/workflows/${workflowId}/executions/${run.body.executionId}?includeOutput=true`;
    expect((await getWithKey(apart, execution, key)).body).toMatchObject({
      status: 'completed',
      finalOutput: { question: 42 },
    });
    const asked = { workspaceId, runId: run.body.executionId };
    expect((await call(`${apart.addressOf('logs')}/internal/runs`, 'POST', asked)).status).toBe(404);
    expect((await ada.ok('GET', '/api/billing/reconciliation')).difference).toBe(0);
    expect((await getWithKey(apart, '/api/users/me/usage-limits', key)).body).toMatchObject({ success: true });

    await ada.ok('DELETE', `/api/users/me/api-keys/${id}`);
    await eventually(async () => {
      const refused = await execute(apart, workflowId, key);
      expect([refused.status, refused.body.error]).toEqual([401, 'Invalid API key']);
      expect((await getWithKey(apart, `/api/v1/logs?workspaceId=${workspaceId}`, key)).status).toBe(401);
    });
  });

  test('each serves its own routes alone, and says so in its document; the gateway, which passes on, tells of all', async () => {
    const paths = async (name: ServiceName) => {
      const document = (await call(`${apart.addressOf(name)}/openapi.json`, 'GET')).body as { paths: object };
      return document.paths;
    };
    const others = await Promise.all((['keys', 'billing', 'logs'] as const).map(paths));
    const api = others.flatMap(Object.keys).filter((path) => path.startsWith('/api/'));
    expect(new Set(api).size).toBe(api.length);
    expect((await fetch(`${apart.addressOf('logs')}/api/workspaces`)).status).toBe(404);

    // What services ask each other is no client's to see.
    const routes = [ownRoutes, ...[keys, gateway, billing, logs].map((service) => service.routes)].flat();
    const embedded = openApiOf(
      routes.filter(({ path }) => !path.startsWith('/internal/')),
      apart.addressOf('gateway'),
    );
    expect(await paths('gateway')).toEqual(JSON.parse(JSON.stringify(embedded.paths)));
    const page = await fetch(`${apart.addressOf('gateway')}/docs/swagger-ui-init.js`);
    const script = await page.text();
    expect(Object.keys(embedded.paths).filter((path) => !script.includes(`"${path}"`))).toEqual([]);
  });

  test('while the database takes nobody each says so and lives on; runs are answered, and logged when it is back', async () => {
    const ada = await Person.signUp(apart);
    const workspaceId = await ada.workspace();
    const workflowId = await eventually(() => ada.workflow(workspaceId));
    const { key } = await ada.personalKey();
    await eventually(async () => expect((await execute(apart, workflowId, key)).status).toBe(200));
    const logged = async () => (await getWithKey(apart, `/api/v1/logs?workspaceId=${workspaceId}`, key)).body.data;
    await eventually(async () => expect(await logged()).toHaveLength(1));

    await apart.databaseAway(async () => {
      for (const name of SERVICES) {
        const ready = await call(`${apart.addressOf(name)}/health/ready`, 'GET');
        expect([name, ready.status, ready.body.parts[`${name}-database`].ok]).toEqual([name, 503, false]);
        expect((await call(`${apart.addressOf(name)}/health/live`, 'GET')).status).toBe(200);
      }
      const refused = [
        await ada.send('GET', '/api/users/me/api-keys'),
        await ada.send('GET', `/api/workflows?workspaceId=${workspaceId}`),
        await ada.send('GET', '/api/billing/reports'),
        await getWithKey(apart, `/api/v1/logs?workspaceId=${workspaceId}`, key),
      ];
      for (const { status, body, headers } of refused) {
        expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'SERVICE_UNAVAILABLE', '5']);
      }
      expect((await execute(apart, workflowId, key)).status).toBe(200);
    });

    for (const name of SERVICES) {
      await eventually(async () => {
        expect((await call(`${apart.addressOf(name)}/health/ready`, 'GET')).status).toBe(200);
      });
    }
    await eventually(async () => expect(await logged()).toHaveLength(2), { timeoutMs: 15_000 });
  });

  test('each ends in order when it is asked to', async () => {
    expect(await apart.stop()).toEqual([0, 0, 0, 0]);
  });
});

describe('a service that is started alone without what it needs', () => {
  const NEEDED: Record<ServiceName, string[]> = {
    keys: ['DATABASE_URL', 'MASTER_KEYS', 'KEY_PEPPERS', 'AUTH_SECRET'],
    gateway: ['DATABASE_URL', 'MASTER_KEYS', 'KEY_PEPPERS', 'KEYS_URL'],
    billing: ['DATABASE_URL', 'KEY_PEPPERS', 'KEYS_URL'],
    logs: ['DATABASE_URL', 'KEY_PEPPERS', 'KEYS_URL'],
  };

  // All at once: each spends its second on loading its modules.
  let ended: Map<ServiceName, { code: number | null; output: string }>;
  beforeAll(async () => {
    const each = SERVICES.map(async (name) => {
      const { child, output } = launch(name, { PORT: 'none', AUTH_SECRET: '' });
      const [code] = (await once(child, 'close')) as [number | null];
      return [name, { code, output: output() }] as const;
    });
    ended = new Map(await Promise.all(each));
  });

  test.each(SERVICES)('%s ends, and lists all that is missing and all that is wrong at once', (name) => {
    const { code, output } = ended.get(name)!;
    const faults = output.split('\n').filter((line) => line.startsWith('  - '));

    expect(code).toBe(1);
    expect(faults.map((line) => line.slice(4).split(/[: ]/)[0]).toSorted()).toEqual(
      ['PORT', 'REDIS_URL', ...NEEDED[name]].toSorted(),
    );
  });
});
