import { GatewayUnderTest } from '../../test/gateway-under-test.js';

const PATH = '/api/mcp/workflow-servers';

describe('MCP servers of a workspace', () => {
  let gateway: GatewayUnderTest;
  let as: GatewayUnderTest['as'];
  let report: string;
  let foreign: string;
  beforeAll(async () => {
    gateway = await GatewayUnderTest.start();
    as = gateway.as.bind(gateway);
    for (const person of ['anna', 'walter', 'mallory']) await gateway.user(person);
    await gateway.workspace('ws1', 'anna');
    await gateway.workspace('ws2', 'mallory');
    await gateway.happened('MemberAdded', { workspaceId: 'ws1', userId: 'walter', role: 'write' });
    report = await gateway.deployed('anna', 'ws1');
    foreign = await gateway.deployed('mallory', 'ws2');
  });
  afterAll(() => gateway.stop());

  const draft = (more: object = {}) => ({ workspaceId: 'ws1', name: 'Tools', workflowIds: [report], ...more });
  const create = async (more: object = {}) => {
    const answer = await as('anna')('POST', PATH, draft(more));
    expect(answer).toMatchObject({ status: 200 });
    return answer.json.server;
  };

  test('an admin makes, sees, changes and deletes one', async () => {
    const server = await create({ name: '  My tools ', description: 'for agents' });
    expect(server).toEqual({
      id: expect.stringMatching(/^[\w-]{21}$/),
      workspaceId: 'ws1',
      name: 'My tools',
      description: 'for agents',
      isPublic: false,
      workflowIds: [report],
      url: expect.stringMatching(new RegExp(`/api/mcp/serve/${server.id}$`)),
      clientConfiguration: {
        mcpServers: { my_tools: { url: server.url, headers: { 'X-API-Key': 'YOUR_API_KEY' } } },
      },
      createdBy: 'anna',
      createdAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
      updatedAt: server.createdAt,
    });

    const changed = await as('anna')('PATCH', `${PATH}/${server.id}`, { isPublic: true, workflowIds: [] });
    expect(changed).toMatchObject({
      status: 200,
      json: { server: { name: 'My tools', description: 'for agents', isPublic: true, workflowIds: [] } },
    });
    expect(changed.json.server.clientConfiguration).toEqual({ mcpServers: { my_tools: { url: server.url } } });
    expect((await as('anna')('DELETE', `${PATH}/${server.id}`)).json).toEqual({ success: true });
    expect((await as('anna')('PATCH', `${PATH}/${server.id}`, { name: 'x' })).status).toBe(404);
    expect((await as('anna')('DELETE', `${PATH}/${server.id}`)).json).toEqual({
      error: 'Server not found',
      code: 'NOT_FOUND',
    });
  });

  test('the list comes in pages, oldest first, and a cursor of another workspace is refused', async () => {
    const made: string[] = [];
    for (const name of ['one', 'two', 'three']) made.push((await create({ name })).id);
    const list = (query: string) => as('anna')('GET', `${PATH}?workspaceId=ws1&${query}`);

    const first = await list('limit=2');
    const second = await list(`limit=2&cursor=${first.json.nextCursor}`);

    const ids = [...first.json.servers, ...second.json.servers].map(({ id }: { id: string }) => id);
    expect(ids.filter((id) => made.includes(id))).toEqual(made);
    expect(first.json.servers).toHaveLength(2);
    expect(second.json.nextCursor).toBeNull();
    const elsewhere = await as('mallory')('GET', `${PATH}?workspaceId=ws2&cursor=${first.json.nextCursor}`);
    expect([elsewhere.status, elsewhere.json.details[0].path]).toEqual([400, ['cursor']]);
    const [name, , bound] = JSON.parse(Buffer.from(first.json.nextCursor, 'base64url').toString());
    for (const at of ['soon', '2026-99-01T00:00:00.000Z']) {
      const forged = Buffer.from(JSON.stringify([name, [at, 'x'], bound])).toString('base64url');
      const refused = await list(`limit=2&cursor=${forged}`);
      expect([refused.status, refused.json.details[0].path]).toEqual([400, ['cursor']]);
    }
  });

  test('nobody else may: writers are told so, strangers see nothing, a key is no session', async () => {
    const { id } = await create();

    for (const [method, path, body] of [
      ['POST', PATH, draft()],
      ['GET', `${PATH}?workspaceId=ws1`, undefined],
      ['PATCH', `${PATH}/${id}`, { name: 'x' }],
      ['DELETE', `${PATH}/${id}`, undefined],
    ] as const) {
      expect([method, (await as('walter')(method, path, body)).status]).toEqual([method, 403]);
      expect([method, (await as('mallory')(method, path, body)).status]).toEqual([method, 404]);
      const key = await gateway.key({ ownerId: 'anna' });
      expect([method, (await gateway.send(method, path, { 'x-api-key': key }, body)).status]).toEqual([method, 401]);
    }
  });

  test.each([
    ['no name', { name: ' ' }, ['name']],
    ['no workflows', { workflowIds: undefined }, ['workflowIds']],
    ['a workflow twice', { workflowIds: ['a', 'a'] }, ['workflowIds']],
    ['a workflow that is not there', { workflowIds: ['no-such'] }, ['workflowIds', 0]],
    ['too many workflows', { workflowIds: Array.from({ length: 101 }, (_, index) => `w${index}`) }, ['workflowIds']],
    ['a description with NUL', { description: 'a\u0000' }, ['description']],
    ['isPublic as a text', { isPublic: 'yes' }, ['isPublic']],
    ['an unknown member', { admin: true }, []],
    ['no workspace', { workspaceId: '' }, ['workspaceId']],
  ])('bad input is refused and names the place: %s', async (_what, more, path) => {
    const answer = await as('anna')('POST', PATH, draft(more));

    expect(answer).toMatchObject({ status: 400, json: { code: 'VALIDATION_ERROR' } });
    expect(answer.json.details).toContainEqual(expect.objectContaining({ path }));
  });

  test('a workflow of another workspace cannot be offered, neither at once nor later', async () => {
    const { id } = await create();

    const answers = [
      await as('anna')('POST', PATH, draft({ workflowIds: [report, foreign] })),
      await as('anna')('PATCH', `${PATH}/${id}`, { workflowIds: [report, foreign] }),
    ];

    for (const { status, json } of answers) {
      expect([status, json.details[0].path]).toEqual([400, ['workflowIds', 1]]);
    }
    const { json } = await as('anna')('PATCH', `${PATH}/${id}`, { name: 'still' });
    expect(json.server.workflowIds).toEqual([report]);
  });
});
