import { eventually } from '@tollgate/testing';
import { execute, getWithKey, operate, Person } from './person.js';
import { RunningPlatform } from './running-platform.js';

describe('billing runs', () => {
  let platform: RunningPlatform;
  beforeAll(async () => void (platform = await RunningPlatform.start()));
  afterAll(() => platform.dispose());

  const report = (person: Person, query = 'groupBy=key') => person.ok('GET', `/api/billing/reports?${query}`);

  test('a personal key bills its owner, a workspace key the workspace owner, within two seconds', async () => {
    const owner = await Person.signUp(platform, 'Owner');
    const guest = await Person.signUp(platform, 'Guest');
    const workspaceId = await owner.workspace();
    const workflowId = await owner.workflow(workspaceId);
    await owner.join(workspaceId, guest, 'read');
    const personal = await guest.personalKey('of the guest');
    const shared = await owner.workspaceKey(workspaceId, 'of the workspace');

    for (let run = 0; run < 3; run += 1) await execute(platform, workflowId, personal.key);
    for (let run = 0; run < 2; run += 1) await execute(platform, workflowId, shared.key);

    await eventually(
      async () => {
        const [guests, owners] = [await report(guest), await report(owner)];
        expect(guests.rows).toMatchObject([
          { keyId: personal.id, keyName: 'of the guest', requests: 3, cost: '0.015000' },
        ]);
        expect(owners.rows).toMatchObject([{ keyId: shared.id, keyType: 'workspace', requests: 2, cost: '0.010000' }]);
        expect(owners.total).toMatchObject({ requests: 2, cost: '0.010000' });
      },
      { timeoutMs: 2_000 },
    );
    const limits = await getWithKey(platform, '/api/users/me/usage-limits', personal.key);
    expect(limits.body.usage).toMatchObject({ currentPeriodCost: 0.015, limit: 5, plan: 'free' });
  });

  test('a failed run is charged too; a price that changes moves no earlier run', async () => {
    const ada = await Person.signUp(platform);
    const workspaceId = await ada.workspace();
    const fails = await ada.workflow(workspaceId, '$error("no")', 'Fails');
    const { key } = await ada.personalKey();

    expect((await execute(platform, fails, key)).body.success).toBe(false);
    const priced = await operate(platform, 'PUT', '/prices', { from: new Date().toISOString(), basePerRun: '0.007' });
    await execute(platform, fails, key);

    expect(priced.status).toBe(200);
    await eventually(async () => {
      expect((await report(ada, 'groupBy=workflow')).total).toMatchObject({ requests: 2, cost: '0.012000' });
    });
    await operate(platform, 'PUT', '/prices', { from: new Date().toISOString(), basePerRun: '0.005' });
  });

  test('the four groupings and the csv tell the same total; reconciliation says 0', async () => {
    const ada = await Person.signUp(platform);
    const workspaceId = await ada.workspace('=cmd|A1');
    const workflowId = await ada.workflow(workspaceId);
    const { key } = await ada.personalKey();
    for (let run = 0; run < 4; run += 1) await execute(platform, workflowId, key);

    await eventually(async () => expect((await report(ada)).total.requests).toBe(4));
    const totals = await Promise.all(
      ['day', 'workspace', 'key', 'workflow'].map(async (group) => (await report(ada, `groupBy=${group}`)).total),
    );
    const csv = await ada.send('GET', '/api/billing/reports?groupBy=workspace&format=csv');
    const difference = await ada.ok('GET', '/api/billing/reconciliation');

    expect(new Set(totals.map((total) => JSON.stringify(total))).size).toBe(1);
    expect(csv.headers.get('content-type')).toContain('text/csv');
    expect(csv.body).toContain("'=cmd|A1");
    expect(csv.body.trimEnd().split('\r\n').at(-1)).toMatch(/^total/);
    expect(difference).toMatchObject({ runs: 4, billed: 4, difference: 0, missing: [], extra: [] });
  });

  test('at the edge of the budget parallel calls never overrun it; refused ones cost nothing and are logged', async () => {
    const ada = await Person.signUp(platform);
    const workspaceId = await ada.workspace();
    const workflowId = await ada.workflow(workspaceId);
    const { key } = await ada.personalKey();
    await operate(platform, 'PUT', `/users/${ada.userId}/usage-limit`, { usd: '0.03' });

    const answers = await Promise.all(Array.from({ length: 8 }, () => execute(platform, workflowId, key)));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(6);
    const refused = answers.filter(({ status }) => status === 402);
    expect(refused).toHaveLength(2);
    expect(refused[0]?.body).toMatchObject({ code: 'USAGE_LIMIT_EXCEEDED' });
    expect(refused[0]?.body.error).toMatch(/^Usage limit exceeded: \$0\.0\d used of \$0\.03 limit\./);
    await eventually(async () => {
      const { body } = await getWithKey(platform, `/api/v1/logs?workspaceId=${workspaceId}`, key);
      expect(body.data.filter((entry: { level: string }) => entry.level === 'error')).toHaveLength(2);
      expect((await report(ada)).total).toMatchObject({ requests: 6, cost: '0.030000' });
    });
  });
});
