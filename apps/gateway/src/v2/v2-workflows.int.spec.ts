import { v2WorkflowAnswerSchema, v2WorkflowsAnswerSchema } from '@tollgate/contracts';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
let personal: string;
let ofWorkspace: string;
let foreign: string;
const ids: Record<string, string> = {};

/** Anna's workspace has Gamma (deployed), Alpha and Beta, made in this order. */
beforeAll(async () => {
  gateway = await GatewayUnderTest.start();
  for (const userId of ['anna', 'eve']) await gateway.user(userId);
  await gateway.workspace('ws1', 'anna');
  await gateway.workspace('ws2', 'eve');
  for (const name of ['Gamma', 'Alpha', 'Beta']) {
    const { json } = await gateway.as('anna')('POST', '/api/workflows', {
      workspaceId: 'ws1',
      name,
      runner: { kind: 'expression', expression: '$' },
      inputSchema: { type: 'object', properties: { n: { type: 'number', description: 'How many' }, any: true } },
    });
    ids[name] = json.workflow.id;
  }
  await gateway.as('anna')('POST', `/api/workflows/${ids.Gamma}/deploy`);
  personal = await gateway.key({ ownerId: 'anna' }, { expiresAt: '2036-01-01T00:00:00.000Z' });
  ofWorkspace = await gateway.key({ workspaceId: 'ws1' });
  foreign = await gateway.key({ workspaceId: 'ws2' });
});
afterAll(() => gateway.stop());

const get = (path: string, key = personal) => gateway.send('GET', `/api/v2/${path}`, { 'x-api-key': key });
const namesOf = (json: { data: { name: string }[] }) => json.data.map(({ name }) => name);

test('meta tells the kind of the key and until when it holds', async () => {
  const { status, json, headers } = await get('meta');
  expect([status, json]).toEqual([
    200,
    { data: { v2Enabled: true, keyType: 'personal', expiresAt: '2036-01-01T00:00:00.000Z' } },
  ]);
  expect(headers.get('x-ratelimit-limit')).toBe('200');
  expect((await get('meta', ofWorkspace)).json.data).toEqual({
    v2Enabled: true,
    keyType: 'workspace',
    expiresAt: null,
  });
  expect((await get('meta?x=1')).status).toBe(400);
});

test('a member and the workspace itself see its workflows', async () => {
  for (const key of [personal, ofWorkspace]) {
    const { status, json } = await get('workflows?workspaceId=ws1&limit=100', key);
    expect(status).toBe(200);
    expect(() => v2WorkflowsAnswerSchema.parse(json)).not.toThrow();
    expect([namesOf(json), json.nextCursor]).toEqual([['Gamma', 'Alpha', 'Beta'], null]);
    expect(json.data[0]).toMatchObject({
      id: ids.Gamma,
      workspaceId: 'ws1',
      isDeployed: true,
      deployedAt: expect.stringMatching(/Z$/),
      folderPath: '/',
      webUrl: expect.stringMatching(new RegExp(`^http://.*/w/ws1/workflows/${ids.Gamma}$`)),
      runCount: 0,
      lastRunAt: null,
    });
  }
});

test.each([
  ['sortBy=name', ['Alpha', 'Beta', 'Gamma']],
  ['sortBy=name&sortOrder=desc', ['Gamma', 'Beta', 'Alpha']],
  ['sortOrder=desc', ['Beta', 'Alpha', 'Gamma']],
  ['deployedOnly=true', ['Gamma']],
  ['search=A&sortBy=name', ['Alpha', 'Beta', 'Gamma']],
  ['search=BET', ['Beta']],
  ['folderPath=/x', []],
  ['scope=archived', []],
])('with %s its pages of one walk through %j', async (query, names) => {
  const met: string[] = [];
  let cursor: string | null = '';
  for (let page = 0; cursor !== null && page < 5; page += 1) {
    const { status, json } = await get(`workflows?workspaceId=ws1&limit=1&${query}${cursor && `&cursor=${cursor}`}`);
    expect(status).toBe(200);
    met.push(...namesOf(json));
    cursor = json.nextCursor;
  }
  expect(met).toEqual(names);
});

test.each([
  ['workflows', 'workspaceId is required'],
  ['workflows?workspaceId=ws1&page=1', 'Unrecognized key: "page"'],
  ['workflows?workspaceId=ws1&limit=1000', 'limit must be a whole number from 1 to 100'],
  ['workflows?workspaceId=ws1&deployedOnly=1', 'deployedOnly must be true or false'],
  ['workflows?workspaceId=ws1&search=', 'search must not be blank'],
  ['workflows?workspaceId=ws1&sortBy=runCount', 'sortBy must be one of position, name, createdAt, updatedAt'],
  [
    'workflows?workspaceId=ws1&cursor=x',
    'cursor is not a valid pagination cursor. Restart pagination without a cursor.',
  ],
])('%s is a 400 that says %s', async (path, message) => {
  const { status, json } = await get(path);
  expect([status, json.error.code, json.error.message]).toEqual([400, 'BAD_REQUEST', message]);
});

test('one workflow is shown with its inputs', async () => {
  const { status, json } = await get(`workflows/${ids.Beta}`, ofWorkspace);
  expect(status).toBe(200);
  expect(() => v2WorkflowAnswerSchema.parse(json)).not.toThrow();
  expect(json.data).toMatchObject({
    name: 'Beta',
    isDeployed: false,
    variables: {},
    inputs: [
      { name: 'n', type: 'number', description: 'How many' },
      { name: 'any', type: 'any' },
    ],
  });
});

test('what a key does not reach is not there', async () => {
  for (const path of ['workflows?workspaceId=ws1', 'workflows?workspaceId=nothing']) {
    const { status, json } = await get(path, foreign);
    expect([status, json]).toEqual([404, { error: { code: 'NOT_FOUND', message: 'Workspace not found' } }]);
  }
  for (const id of [ids.Beta, 'nothing', 'a%00b']) {
    const { status, json } = await get(`workflows/${id}`, foreign);
    expect([status, json]).toEqual([404, { error: { code: 'NOT_FOUND', message: 'Workflow not found' } }]);
  }
  const { status, headers } = await gateway.send('POST', '/api/v2/workflows', { 'x-api-key': personal }, {});
  expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});
