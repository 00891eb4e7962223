import { GatewayUnderTest } from '../../test/gateway-under-test.js';

const HTTP = { kind: 'http', url: 'https://93.184.216.34/hook' };
const SECRET_HEADERS = { Authorization: 'Bearer very-secret-value', 'X-Own': 'another-secret-value' };

describe('workflow management', () => {
  let gateway: GatewayUnderTest;
  let as: GatewayUnderTest['as'];

  beforeAll(async () => {
    gateway = await GatewayUnderTest.start();
    as = gateway.as.bind(gateway);
    for (const person of ['anna', 'walter', 'rita', 'mallory']) await gateway.user(person);
    await gateway.workspace('ws1', 'anna');
    await gateway.happened('MemberAdded', { workspaceId: 'ws1', userId: 'walter', role: 'write' });
    await gateway.happened('MemberAdded', { workspaceId: 'ws1', userId: 'rita', role: 'read' });
    await gateway.workspace('ws2', 'mallory');
  });
  afterAll(() => gateway.stop());

  const draft = (more: object = {}) => ({
    workspaceId: 'ws1',
    name: 'Echo',
    runner: { kind: 'expression', expression: '$' },
    ...more,
  });
  const create = async (more: object = {}, person = 'anna') => {
    const answer = await as(person)('POST', '/api/workflows', draft(more));
    expect(answer).toMatchObject({ status: 200 });
    return answer.json.workflow as { id: string };
  };
  const show = async (id: string) => (await as('anna')('GET', `/api/workflows/${id}`)).json.workflow;

  test('a workflow is created, shown, changed, deployed, undeployed and deleted', async () => {
    const created = await as('anna')(
      'POST',
      '/api/workflows',
      draft({ name: '  Écho ', description: 'says it again' }),
    );
    expect(created.json).toEqual({
      workflow: {
        id: expect.stringMatching(/^[\w-]{21}$/),
        workspaceId: 'ws1',
        name: 'Écho',
        description: 'says it again',
        runner: { kind: 'expression', expression: '$' },
        inputSchema: null,
        isDeployed: false,
        deployedAt: null,
        needsRedeployment: false,
        createdAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
        updatedAt: created.json.workflow.createdAt,
      },
    });
    const { id } = created.json.workflow;
    expect((await as('rita')('GET', `/api/workflows/${id}`)).json).toEqual(created.json);

    const deployed = await as('anna')('POST', `/api/workflows/${id}/deploy`);
    expect(deployed).toMatchObject({ status: 200, json: { isDeployed: true, deployedAt: expect.any(String) } });
    expect(await show(id)).toMatchObject({ isDeployed: true, ...deployed.json, needsRedeployment: false });

    const described = await as('walter')('PUT', `/api/workflows/${id}`, { description: null });
    expect(described.json.workflow).toMatchObject({ description: null, needsRedeployment: false });
    const changed = await as('walter')('PUT', `/api/workflows/${id}`, {
      runner: { kind: 'expression', expression: '1' },
    });
    expect(changed.json.workflow).toMatchObject({ isDeployed: true, needsRedeployment: true });
    await as('anna')('POST', `/api/workflows/${id}/deploy`);
    expect(await show(id)).toMatchObject({ isDeployed: true, needsRedeployment: false });

    expect((await as('anna')('DELETE', `/api/workflows/${id}/deploy`)).json).toEqual({ isDeployed: false });
    expect((await as('anna')('DELETE', `/api/workflows/${id}/deploy`)).json).toEqual({ isDeployed: false });
    expect(await show(id)).toMatchObject({ isDeployed: false, deployedAt: null, needsRedeployment: false });

    expect((await as('walter')('DELETE', `/api/workflows/${id}`)).json).toEqual({ success: true });
    expect(await as('anna')('GET', `/api/workflows/${id}`)).toMatchObject({
      status: 404,
      json: { error: 'Workflow not found', code: 'NOT_FOUND' },
    });
  });

  test('a change back to what is deployed is a change; a change to the same is none', async () => {
    const { id } = await create();
    await as('anna')('POST', `/api/workflows/${id}/deploy`);
    const same = await as('anna')('PUT', `/api/workflows/${id}`, draftBody());
    expect(same.json.workflow.needsRedeployment).toBe(false);

    function draftBody() {
      return { name: 'Echo', runner: { kind: 'expression', expression: '$' } };
    }
  });

  test('changes at the same time lose no redeployment: the last deployment is of one of the drafts, whole', async () => {
    const { id } = await create();
    const changes = Array.from({ length: 10 }, (_, nth) =>
      nth % 3 === 0
        ? as('anna')('POST', `/api/workflows/${id}/deploy`)
        : as('anna')('PUT', `/api/workflows/${id}`, { runner: { kind: 'expression', expression: `${nth}` } }),
    );
    expect((await Promise.all(changes)).map(({ status }) => status)).toEqual(Array(10).fill(200));
    const { rows } = await gateway.database.pool.query(
      `SELECT w.draft_revision, w.deployed_revision, w.expression, d.runner
       FROM gateway.workflows w JOIN gateway.deployments d ON d.id = w.deployment_id WHERE w.id = $1`,
      [id],
    );
    const isCurrent = JSON.parse(rows[0].runner).expression === rows[0].expression;
    expect(rows[0].draft_revision === rows[0].deployed_revision).toBe(isCurrent);
    expect((await show(id)).needsRedeployment).toBe(!isCurrent);
  });

  test('readers see, writers change, admins deploy', async () => {
    const { id } = await create({}, 'walter');
    const statuses = async (person: string) => {
      const answers = [
        await as(person)('GET', `/api/workflows/${id}`),
        await as(person)('GET', '/api/workflows?workspaceId=ws1'),
        await as(person)('POST', '/api/workflows', draft()),
        await as(person)('PUT', `/api/workflows/${id}`, { name: 'New' }),
        await as(person)('POST', `/api/workflows/${id}/deploy`),
        await as(person)('DELETE', `/api/workflows/${id}/deploy`),
      ];
      return answers.map(({ status }) => status);
    };
    expect(await statuses('rita')).toEqual([200, 200, 403, 403, 403, 403]);
    expect(await statuses('walter')).toEqual([200, 200, 200, 200, 403, 403]);
    expect(await statuses('anna')).toEqual([200, 200, 200, 200, 200, 200]);
    const refused = await as('rita')('DELETE', `/api/workflows/${id}`);
    expect([refused.status, refused.json]).toEqual([403, { error: 'Forbidden', code: 'FORBIDDEN' }]);
  });

  test('what is another tenant’s looks like what is not there, byte for byte', async () => {
    const { id } = await create();
    for (const [method, tail, body] of [
      ['GET', '', undefined],
      ['PUT', '', { name: 'Mine' }],
      ['DELETE', '', undefined],
      ['POST', '/deploy', undefined],
      ['DELETE', '/deploy', undefined],
    ] as const) {
      const foreign = await as('mallory')(method, `/api/workflows/${id}${tail}`, body);
      const absent = await as('mallory')(method, `/api/workflows/nothing-here${tail}`, body);
      expect([foreign.status, foreign.text]).toEqual([404, absent.text]);
      expect(absent.json).toEqual({ error: 'Workflow not found', code: 'NOT_FOUND' });
    }
    const foreign = await as('mallory')('POST', '/api/workflows', draft());
    const absent = await as('mallory')('POST', '/api/workflows', draft({ workspaceId: 'nothing' }));
    expect([foreign.status, foreign.text]).toEqual([404, absent.text]);
    expect((await as('mallory')('GET', '/api/workflows?workspaceId=ws1')).status).toBe(404);
    expect((await show(id)).name).toBe('Echo');
  });

  test('without a session nothing is said, a key is none', async () => {
    const key = await gateway.key({ ownerId: 'anna' });
    for (const headers of [{}, { 'x-api-key': key }, { cookie: 'person=' }]) {
      const answer = await gateway.send('GET', '/api/workflows?workspaceId=ws1', headers as Record<string, string>);
      expect([answer.status, answer.json]).toEqual([401, { error: 'Unauthorized', code: 'UNAUTHORIZED' }]);
    }
    const crossSite = await gateway.send(
      'POST',
      '/api/workflows',
      { cookie: 'person=anna', origin: 'https://evil.example' },
      draft(),
    );
    expect([crossSite.status, crossSite.json.code]).toEqual([403, 'CSRF']);
  });

  test('a list comes in pages, oldest first, each workflow once', async () => {
    await gateway.workspace('ws3', 'anna');
    const made: string[] = [];
    for (let nth = 0; nth < 7; nth++) made.push((await create({ workspaceId: 'ws3', name: `W${nth}` })).id);
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await as('anna')('GET', `/api/workflows?workspaceId=ws3&limit=3${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.json.workflows.map(({ id }: { id: string }) => id));
      cursor = page.json.nextCursor;
    } while (cursor);
    expect(seen).toEqual(made);
  });

  describe('of an http workflow', () => {
    test('the signing secret is shown once, header values never', async () => {
      const created = await as('anna')(
        'POST',
        '/api/workflows',
        draft({ runner: { ...HTTP, headers: SECRET_HEADERS } }),
      );
      const { signingSecret, workflow } = created.json;
      expect(signingSecret).toMatch(/^tgs_[\w-]{43}$/);
      expect(workflow.runner).toEqual({ ...HTTP, headerNames: ['Authorization', 'X-Own'] });
      const shown = await as('anna')('GET', `/api/workflows/${workflow.id}`);
      const updated = await as('anna')('PUT', `/api/workflows/${workflow.id}`, { runner: { ...HTTP, timeoutMs: 500 } });
      await as('anna')('POST', `/api/workflows/${workflow.id}/deploy`);

      expect(updated.json.signingSecret).toBeUndefined();
      expect(updated.json.workflow.runner.headerNames).toEqual(['Authorization', 'X-Own']);
      const { rows } = await gateway.database.pool.query(
        `SELECT coalesce(json_agg(w)::text, '') || coalesce((SELECT json_agg(d)::text FROM gateway.deployments d), '')
           || (SELECT json_agg(f)::text FROM event_log.facts f) AS all_text FROM gateway.workflows w`,
      );
      for (const secret of [signingSecret.slice(4), ...Object.values(SECRET_HEADERS)]) {
        expect(rows[0].all_text).not.toContain(secret);
        expect(shown.text + updated.text).not.toContain(secret);
      }
      expect(rows[0].all_text).toContain('WorkflowDeployed');
    });

    test('headers that are given replace the stored ones', async () => {
      const { id } = await create({ runner: { ...HTTP, headers: SECRET_HEADERS } });
      const change = async (headers: object) =>
        (await as('anna')('PUT', `/api/workflows/${id}`, { runner: { ...HTTP, headers } })).json.workflow.runner
          .headerNames;
      expect(await change({ 'X-New': '1' })).toEqual(['X-New']);
      expect(await change({})).toEqual([]);
    });

    test('stored headers do not follow the workflow to another origin', async () => {
      const { id } = await create({ runner: { ...HTTP, headers: SECRET_HEADERS } });
      const elsewhere = { kind: 'http', url: 'https://evil.example/' };
      const refused = await as('walter')('PUT', `/api/workflows/${id}`, { runner: elsewhere });
      expect([refused.status, refused.json.details[0].path]).toEqual([400, ['runner', 'headers']]);
      const given = await as('walter')('PUT', `/api/workflows/${id}`, { runner: { ...elsewhere, headers: {} } });
      expect(given.json.workflow.runner).toEqual({ ...elsewhere, headerNames: [] });
    });

    test('an expression that becomes http gets a signing secret then', async () => {
      const { id } = await create();
      const changed = await as('anna')('PUT', `/api/workflows/${id}`, { runner: HTTP });
      expect(changed.json.signingSecret).toMatch(/^tgs_/);
      const again = await as('anna')('PUT', `/api/workflows/${id}`, { runner: { ...HTTP, timeoutMs: 1_000 } });
      expect(again.json.signingSecret).toBeUndefined();
    });
  });
});
