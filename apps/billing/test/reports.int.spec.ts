import { eventually } from '@tollgate/testing';
import { billed } from './billed-runs.js';
import { asAnna, asBoris, asOperator, type BillingUnderTest, startBilling } from './billing-under-test.js';

const NOVEMBER = 'from=2026-11-01&to=2026-12-01';

describe('GET /api/billing/reports', () => {
  let billing: BillingUnderTest;

  beforeAll(async () => {
    billing = await startBilling();
    await billing.log.publish([
      billed('r1', { admittedAt: '2026-10-31T23:59:59.999Z' }),
      billed('r2', { admittedAt: '2026-11-01T00:00:00.000Z', durationMs: 7 }),
      billed('r3', {
        admittedAt: '2026-11-01T23:59:59.999Z',
        workspaceId: 'ws2',
        workspaceName: '=SUM(A1)',
        runnerMicros: 1,
      }),
      billed('r4', {
        admittedAt: '2026-11-30T23:59:59.999Z',
        workspaceName: 'Research & more',
        keyName: 'Laptop, "new"',
      }),
      billed('r5', {
        admittedAt: '2026-11-10T12:00:00.000Z',
        keyId: null,
        keyName: null,
        keyKind: null,
        trigger: 'manual',
      }),
      billed('r6', { admittedAt: '2026-12-01T00:00:00.000Z' }),
      billed('r7', { payerUserId: 'boris', workflowId: 'wf2', workflowName: 'Boris’s own' }),
    ]);
    await eventually(async () => {
      expect((await report('from=2026-10-01&to=2027-01-01')).total.requests).toBe(6);
    });
  });

  afterAll(() => billing.stop());

  const report = async (query: string, who = asAnna) => {
    const answer = await billing.get(`/api/billing/reports?${query}`, who);
    expect(answer.status).toBe(200);
    return answer.json as { rows: unknown[]; total: { requests: number }; asOf: object };
  };

  test('given a month, from is inclusive, to is exclusive, days ascend, and the body is the contract’s to the byte', async () => {
    const { text, headers } = await billing.get(`/api/billing/reports?${NOVEMBER}&groupBy=day`, asAnna);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(text).toBe(
      JSON.stringify({
        owner: { id: 'anna', name: 'Anna', email: 'anna@example.com' },
        from: '2026-11-01T00:00:00.000Z',
        to: '2026-12-01T00:00:00.000Z',
        currency: 'USD',
        rows: [
          { day: '2026-11-01', requests: 2, durationMs: 47, cost: '0.010001' },
          { day: '2026-11-10', requests: 1, durationMs: 40, cost: '0.005000' },
          { day: '2026-11-30', requests: 1, durationMs: 40, cost: '0.005000' },
        ],
        total: { requests: 4, durationMs: 127, cost: '0.020001' },
        asOf: { position: '7', at: '2026-12-01T00:00:00.000Z' },
      }),
    );
  });

  test('given workspaces, what cost most comes first, under the name of its newest run', async () => {
    expect((await report(`${NOVEMBER}&groupBy=workspace`)).rows).toEqual([
      { workspaceId: 'ws1', workspaceName: 'Research & more', requests: 3, durationMs: 87, cost: '0.015000' },
      { workspaceId: 'ws2', workspaceName: '=SUM(A1)', requests: 1, durationMs: 40, cost: '0.005001' },
    ]);
  });

  test('given keys, runs without one are a row of their own', async () => {
    expect((await report(`${NOVEMBER}&groupBy=key`)).rows).toEqual([
      { keyId: 'key1', keyName: 'Laptop, "new"', keyType: 'personal', requests: 3, durationMs: 87, cost: '0.015001' },
      { keyId: null, keyName: null, keyType: null, requests: 1, durationMs: 40, cost: '0.005000' },
    ]);
  });

  test('given workflows, nothing of another payer is seen, and he sees nothing of ours', async () => {
    expect((await report(`${NOVEMBER}&groupBy=workflow`)).rows).toEqual([
      { workflowId: 'wf1', workflowName: 'Summary', requests: 4, durationMs: 127, cost: '0.020001' },
    ]);
    expect((await report(`${NOVEMBER}&groupBy=workflow`, asBoris)).rows).toEqual([
      { workflowId: 'wf2', workflowName: 'Boris’s own', requests: 1, durationMs: 40, cost: '0.005000' },
    ]);
  });

  test('given csv, it is the same columns, a total line, and no formula', async () => {
    const { text, headers } = await billing.get(
      `/api/billing/reports?${NOVEMBER}&groupBy=workspace&format=csv`,
      asAnna,
    );
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(headers.get('content-disposition')).toBe(
      'attachment; filename="usage-by-workspace-2026-11-01-2026-12-01.csv"',
    );
    expect(text).toBe(
      'workspaceId,workspaceName,requests,durationMs,cost\r\n' +
        'ws1,Research & more,3,87,0.015000\r\n' +
        "ws2,'=SUM(A1),1,40,0.005001\r\n" +
        'total,,4,127,0.020001\r\n',
    );
  });

  test('given days split by workspace, each day has its workspaces, dearest first, and the sums stay the same', async () => {
    const split = await report(`${NOVEMBER}&groupBy=day&splitBy=workspace`);
    expect(split.rows).toEqual([
      ...[
        {
          day: '2026-11-01',
          workspaceId: 'ws2',
          workspaceName: '=SUM(A1)',
          requests: 1,
          durationMs: 40,
          cost: '0.005001',
        },
        {
          day: '2026-11-01',
          workspaceId: 'ws1',
          workspaceName: 'Research',
          requests: 1,
          durationMs: 7,
          cost: '0.005000',
        },
      ],
      ...['2026-11-10', '2026-11-30'].map((day) => ({
        ...{ day, workspaceId: 'ws1', workspaceName: day > '2026-11-20' ? 'Research & more' : 'Research' },
        ...{ requests: 1, durationMs: 40, cost: '0.005000' },
      })),
    ]);
    expect(split.total).toEqual((await report(`${NOVEMBER}&groupBy=day`)).total);
  });

  test('given days split by key or workflow, as json and csv, the columns say both', async () => {
    expect((await report(`${NOVEMBER}&splitBy=key`)).rows).toContainEqual({
      ...{ day: '2026-11-10', keyId: null, keyName: null, keyType: null },
      ...{ requests: 1, durationMs: 40, cost: '0.005000' },
    });
    const { text, headers } = await billing.get(`/api/billing/reports?${NOVEMBER}&splitBy=workflow&format=csv`, asAnna);
    expect(headers.get('content-disposition')).toContain('usage-by-day-and-workflow-2026-11-01-2026-12-01.csv');
    expect(text.split('\r\n')).toEqual([
      'day,workflowId,workflowName,requests,durationMs,cost',
      '2026-11-01,wf1,Summary,2,47,0.010001',
      '2026-11-10,wf1,Summary,1,40,0.005000',
      '2026-11-30,wf1,Summary,1,40,0.005000',
      'total,,,4,127,0.020001',
      '',
    ]);
  });

  test('given an empty window, there are no rows and an exact zero', async () => {
    expect(await report('from=2020-01-01&to=2020-01-02')).toMatchObject({
      rows: [],
      total: { requests: 0, durationMs: 0, cost: '0.000000' },
    });
  });

  test('given no parameters, it is the current month up to now, by day', async () => {
    const { status, json } = await billing.get('/api/billing/reports', asAnna);
    const { from, to } = json as { from: string; to: string };
    expect(status).toBe(200);
    expect(from).toBe(`${to.slice(0, 7)}-01T00:00:00.000Z`);
    expect(Date.now() - Date.parse(to)).toBeLessThan(60_000);
  });

  test.each([
    ['from=yesterday', 'from'],
    ['from=2026-02-30', 'from'],
    ['to=2026-11-01T10:00', 'to'],
    ['from=2026-11-02&from=2026-11-03', 'from'],
    ['from=', 'from'],
    ['from=2026-11-02&to=2026-11-02', 'from'],
    ['from=2026-11-02&to=2026-11-01', 'from'],
    ['from=2025-01-01&to=2026-11-01', 'from'],
    ['groupBy=hour', 'groupBy'],
    ['groupBy=day&groupBy=key', 'groupBy'],
    ['groupBy=key&splitBy=workflow', 'splitBy'],
    ['splitBy=day', 'splitBy'],
    ['format=pdf', 'format'],
    ['from=2026-11-01%00', 'from'],
  ])('given ?%s, it is refused and the field %s is named', async (query, field) => {
    const { status, json } = await billing.get(`/api/billing/reports?${query}`, asAnna);
    expect({ status, json }).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining(field), code: 'VALIDATION_ERROR', details: [{ path: [field] }] },
    });
  });

  test.each([{}, { cookie: 'person=nobody' }, asOperator, { 'x-api-key': 'sk-sim-whatever' }])(
    'given %j instead of a session, it is refused',
    async (headers) => {
      const { status, json } = await billing.get(`/api/billing/reports?${NOVEMBER}`, headers as Record<string, string>);
      expect({ status, json }).toEqual({ status: 401, json: { error: 'Unauthorized', code: 'UNAUTHORIZED' } });
    },
  );

  test('given a run that is billed now, its payer sees it within two seconds', async () => {
    const admittedAt = '2027-03-01T00:00:00.000Z';
    await billing.log.publish([billed('r8', { admittedAt })]);
    await eventually(async () => expect((await report('from=2027-03-01&to=2027-03-02')).total.requests).toBe(1), {
      timeoutMs: 2_000,
    });
  });

  test('given more groups than a report may have, it asks for a narrower window', async () => {
    await billing.database.pool.query(`
      INSERT INTO billing.ledger SELECT 'many-' || n, 'many-' || n, 0, 'anna', 'key-type', 'ws1', 'x', 'wf-' || n, 'x', null,
        null, null, null, 'api', 'default', '2028-01-01', 1, 5000, 0, 5000 FROM generate_series(1, 10001) AS n`);
    const { status, json } = await billing.get(
      '/api/billing/reports?from=2028-01-01&to=2028-01-02&groupBy=workflow',
      asAnna,
    );
    expect({ status, json }).toMatchObject({ status: 400, json: { error: expect.stringContaining('10000 rows') } });
  });

  test('given sums beyond what a float holds, they are exact', async () => {
    const admittedAt = '2029-01-01T00:00:00.000Z';
    await billing.log.publish([
      billed('big1', { admittedAt, runnerMicros: Number.MAX_SAFE_INTEGER }),
      billed('big2', { admittedAt, baseMicros: 0, runnerMicros: 3 }),
    ]);
    await eventually(async () => {
      expect((await report('from=2029-01-01&to=2029-01-02')).total).toMatchObject({ cost: '9007199254.745994' });
    });
  });
});
