import { eventually } from '@tollgate/testing';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

const FAULT_TEXT = 'The stars are wrong';
const INPUT_SCHEMA = {
  type: 'object',
  properties: { name: { type: 'string' }, any: true },
  required: ['name'],
};

describe('an MCP server', () => {
  let gateway: GatewayUnderTest;
  let anna: ReturnType<GatewayUnderTest['as']>;
  let key: string;
  let server: string;
  let greeting: string;
  let draft: string;
  beforeAll(async () => {
    gateway = await GatewayUnderTest.start();
    anna = gateway.as('anna');
    for (const person of ['anna', 'mallory']) await gateway.user(person);
    await gateway.workspace('ws1', 'anna');
    await gateway.workspace('ws2', 'mallory');
    key = await gateway.key({ ownerId: 'anna' });
    greeting = await workflow('Say Hello', '{ "greeting": "Hello, " & name }', { inputSchema: INPUT_SCHEMA });
    const failing = await workflow('Failing', `$error("${FAULT_TEXT}")`, { description: 'always fails' });
    draft = await workflow('Draft', '$');
    await anna('DELETE', `/api/workflows/${draft}/deploy`);
    server = await serverOf([greeting, failing, draft]);
  });
  afterAll(() => gateway.stop());

  async function workflow(name: string, expression: string, more: object = {}): Promise<string> {
    const runner = { kind: 'expression', expression };
    const created = await anna('POST', '/api/workflows', { workspaceId: 'ws1', name, runner, ...more });
    const id = created.json.workflow.id as string;
    await anna('POST', `/api/workflows/${id}/deploy`);
    return id;
  }

  async function serverOf(workflowIds: string[], more: object = {}): Promise<string> {
    const body = { workspaceId: 'ws1', name: 'Tools', workflowIds, ...more };
    return (await anna('POST', '/api/mcp/workflow-servers', body)).json.server.id;
  }

  const path = (id = server) => `/api/mcp/serve/${id}`;
  const post = (body: unknown, headers: Record<string, string> = { 'x-api-key': key }, id = server) =>
    gateway.send('POST', path(id), headers, body);
  const rpc = (method: string, params?: unknown, id = 1) => ({
    jsonrpc: '2.0',
    id,
    method,
    ...(params !== undefined && { params }),
  });
  const callOf = (name: string, input: object = {}) => rpc('tools/call', { name, arguments: input });

  describe('opens its door', () => {
    test('to nobody when there is no such server, with or without a key', async () => {
      for (const headers of [{}, { 'x-api-key': key }] as Record<string, string>[]) {
        const answer = await post(rpc('ping'), headers, 'no-such-server');
        expect([answer.status, answer.json]).toEqual([404, { error: 'Server not found' }]);
      }
    });

    test('not without a usable key, in plain JSON and without a challenge', async () => {
      const revoked = await gateway.key({ ownerId: 'anna' });
      await gateway.revoke(revoked);
      for (const headers of [{}, { 'x-api-key': `sk-sim-${'x'.repeat(32)}` }, { 'x-api-key': revoked }] as Record<
        string,
        string
      >[]) {
        for (const method of ['GET', 'POST', 'DELETE']) {
          const answer = await gateway.send(method, path(), headers, method === 'POST' ? rpc('ping') : undefined);
          expect([answer.status, answer.json]).toEqual([401, { error: 'Unauthorized' }]);
          expect(answer.headers.has('www-authenticate')).toBe(false);
        }
      }
    });

    test('not to keys of other workspaces and people who are no members', async () => {
      for (const owner of [{ workspaceId: 'ws2' }, { ownerId: 'mallory' }]) {
        const answer = await post(rpc('ping'), { 'x-api-key': await gateway.key(owner) });
        expect([answer.status, answer.json]).toEqual([403, { error: 'Forbidden' }]);
      }
    });

    test('not to personal keys while they are switched off; the workspace’s own go on', async () => {
      const shared = await gateway.key({ workspaceId: 'ws1' });
      await gateway.happened('PersonalKeysDisallowed', { workspaceId: 'ws1' });

      const answer = await post(rpc('ping'));
      expect([answer.status, answer.json]).toEqual([
        403,
        { error: 'Personal API keys are not allowed for this workspace' },
      ]);
      expect((await post(rpc('ping'), { 'x-api-key': shared })).json).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
      await gateway.happened('PersonalKeysAllowed', { workspaceId: 'ws1' });
    });
  });

  describe('speaks the protocol', () => {
    test('GET tells what it is, a stream is refused as clients expect it, DELETE ends nothing', async () => {
      const asked = (accept: string) => gateway.send('GET', path(), { 'x-api-key': key, accept });

      expect((await asked('application/json')).json).toEqual({
        name: 'Tools',
        version: '1.0.0',
        protocolVersion: '2024-11-05',
        capabilities: { tools: {} },
      });
      const stream = await asked('text/event-stream');
      expect([stream.status, stream.json.error.code, stream.headers.get('allow')]).toEqual([
        405,
        'unsupported_transport',
        'GET, POST, DELETE',
      ]);
      expect((await gateway.send('DELETE', path(), { 'x-api-key': key })).status).toBe(204);
    });

    test.each([
      ['2025-11-25', '2025-11-25'],
      ['2025-06-18', '2025-06-18'],
      ['2025-03-26', '2025-03-26'],
      ['2024-11-05', '2024-11-05'],
      ['2024-10-07', '2024-10-07'],
      ['1999-01-01', '2025-11-25'],
    ])('initialize with %s answers %s', async (asked, answered) => {
      const params = { protocolVersion: asked, capabilities: {}, clientInfo: { name: 'test', version: '1' } };

      const { status, json } = await post(rpc('initialize', params));

      expect([status, json]).toEqual([
        200,
        {
          jsonrpc: '2.0',
          id: 1,
          result: {
            protocolVersion: answered,
            capabilities: { tools: {} },
            serverInfo: { name: 'Tools', version: '1.0.0' },
          },
        },
      ]);
    });

    test('notifications and responses are taken in silence', async () => {
      for (const message of [
        { jsonrpc: '2.0', method: 'notifications/initialized' },
        { jsonrpc: '2.0', id: 7, result: {} },
        [{ jsonrpc: '2.0', method: 'notifications/initialized' }],
      ]) {
        const answer = await post(message);
        expect([answer.status, answer.text]).toEqual([202, '']);
      }
    });

    test.each([
      ['broken JSON', '{"jsonrpc":', 400, { code: -32700 }],
      ['no body', '', 400, { code: -32700 }],
      ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, { code: -32700 }],
      ['a text', '"ping"', 400, { code: -32600 }],
      ['no version', { id: 1, method: 'ping' }, 400, { code: -32600 }],
      ['an empty batch', [], 400, { code: -32600 }],
      ['a huge batch', Array.from({ length: 51 }, (_, id) => rpc('ping', undefined, id)), 400, { code: -32600 }],
      ['initialize in a batch', [rpc('initialize'), rpc('ping')], 400, { code: -32600 }],
      ['nesting without end', '['.repeat(300) + ']'.repeat(300), 400, { code: -32600 }],
      ['an unknown method', rpc('resources/list'), 404, { code: -32601 }],
      ['a method of nobody', rpc('sing'), 404, { code: -32601 }],
      ['a call without a tool', rpc('tools/call', {}), 400, { code: -32602 }],
      ['arguments that are a list', rpc('tools/call', { name: 'say_hello', arguments: [] }), 400, { code: -32602 }],
      ['a bad cursor', rpc('tools/list', { cursor: 'x' }), 400, { code: -32602 }],
      ['initialize without a version', rpc('initialize', {}), 400, { code: -32602 }],
    ])('%s is answered by a JSON-RPC error', async (_what, body, status, error) => {
      const answer = await post(body);

      expect([answer.status, answer.json]).toMatchObject([status, { jsonrpc: '2.0', error }]);
      expect(answer.json.error.message).toEqual(expect.any(String));
    });

    test('a body that is too large, or a form, is refused in the same shape', async () => {
      const large = await post(callOf('say_hello', { name: 'x'.repeat(11 * 1024 * 1024) }));
      const form = await post('a=b', { 'x-api-key': key, 'content-type': 'application/x-www-form-urlencoded' });

      expect([large.status, large.json.error.data.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
      expect([form.status, form.json.error.data.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    });

    test('a batch is answered by a batch, each message by itself', async () => {
      const batch = [
        rpc('ping', undefined, 1),
        { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
        rpc('tools/call', { name: 'say_hello', arguments: { name: 'Ada' } }, 2),
        rpc('tools/call', { name: 'no_such' }, 3),
        { nonsense: true },
      ];

      const { status, json } = await post(batch);

      expect(status).toBe(200);
      expect(json).toMatchObject([
        { id: 1, result: {} },
        { id: 2, result: { isError: false } },
        { id: 3, error: { code: -32602, message: 'Tool not found: no_such' } },
        { id: null, error: { code: -32600 } },
      ]);
    });
  });

  describe('offers workflows as tools', () => {
    test('those that are deployed, with their schemas in a form that clients take', async () => {
      expect((await post(rpc('tools/list'))).json.result).toEqual({
        tools: [
          {
            name: 'say_hello',
            description: 'Runs the workflow "Say Hello"',
            inputSchema: {
              type: 'object',
              properties: { name: { type: 'string' }, any: {} },
              required: ['name'],
            },
          },
          { name: 'failing', description: 'always fails', inputSchema: { type: 'object', properties: {} } },
        ],
      });
    });

    test('in pages', async () => {
      const ids: string[] = [];
      for (let count = 0; count < 51; count += 1) ids.push(await workflow('Same name', '$'));
      const many = await serverOf(ids);

      const first = (await post(rpc('tools/list'), undefined, many)).json.result;
      const second = (await post(rpc('tools/list', { cursor: first.nextCursor }), undefined, many)).json.result;

      expect(first.tools).toHaveLength(50);
      expect(second).toMatchObject({ tools: [{ name: 'same_name_51' }] });
      expect(second.nextCursor).toBeUndefined();
    });

    test('a call runs the workflow; it is billed and logged with the trigger mcp', async () => {
      const answer = await post(callOf('say_hello', { name: 'Ada' }), { 'x-api-key': key, 'user-agent': 'an-agent/1' });

      expect(answer.json).toEqual({
        jsonrpc: '2.0',
        id: 1,
        result: { content: [{ type: 'text', text: '{\n  "greeting": "Hello, Ada"\n}' }], isError: false },
      });
      expect(answer.headers.get('x-ratelimit-limit')).toBe('300');
      expect(answer.headers.get('x-ratelimit-reset')).toMatch(/^\d+$/);
      await eventually(() => {
        const ours = gateway.runEvents.filter(({ data }) => (data as { workflowId?: string }).workflowId === greeting);
        expect(ours.at(-2)).toMatchObject({ type: 'RequestBilled', data: { trigger: 'mcp', payerUserId: 'anna' } });
        expect(ours.at(-1)).toMatchObject({
          type: 'RunFinished',
          data: {
            trigger: 'mcp',
            status: 'completed',
            input: { name: 'Ada' },
            costMicros: 5_000,
            client: { userAgent: 'an-agent/1' },
          },
        });
      });
    });

    test('a run that fails is a result that says so, not an error of the protocol', async () => {
      const { status, json } = await post(callOf('failing'));

      expect([status, json.result.isError]).toEqual([200, true]);
      expect(JSON.parse(json.result.content[0].text)).toEqual({
        success: false,
        executionId: expect.stringMatching(/^tgr_/),
        output: null,
        error: expect.stringContaining(FAULT_TEXT),
      });
    });

    test('a tool that is not there and one that is not deployed are told apart', async () => {
      const unknown = await post(callOf('no_such'));
      const undeployed = await post(callOf('draft'));

      expect([unknown.status, unknown.json.error]).toEqual([404, { code: -32602, message: 'Tool not found: no_such' }]);
      expect([undeployed.status, undeployed.json.error]).toEqual([
        400,
        { code: -32603, message: 'Workflow is not deployed' },
      ]);
    });

    test('a deleted workflow is no tool any more', async () => {
      const id = await workflow('Short-lived', '$');
      const own = await serverOf([id]);
      await anna('DELETE', `/api/workflows/${id}`);

      expect((await post(rpc('tools/list'), undefined, own)).json.result).toEqual({ tools: [] });
      expect((await post(callOf('short_lived'), undefined, own)).status).toBe(404);
    });
  });

  describe('keeps the limits of any run', () => {
    test('a used-up budget is 402, a used-up rate 429, each with what a machine needs to know', async () => {
      await gateway.user('poor', 'free');
      await gateway.happened('MemberAdded', { workspaceId: 'ws1', userId: 'poor', role: 'read' });
      const poor = { 'x-api-key': await gateway.key({ ownerId: 'poor' }) };
      let last = await post(callOf('say_hello'), poor);
      for (let runs = 0; last.status === 200 && runs < 200; runs += 1) last = await post(callOf('say_hello'), poor);

      expect([last.status, last.json.error]).toEqual([
        429,
        {
          code: -32000,
          message: 'Rate limit exceeded. Please try again later.',
          data: { httpStatus: 429, retryable: true, code: 'RATE_LIMIT_EXCEEDED' },
        },
      ]);
      expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
      await gateway.happened('UsageLimitChanged', { userId: 'poor', limitMicros: 0 });
      const broke = await post(callOf('say_hello'), poor);
      expect([broke.status, broke.json.error.data]).toEqual([
        402,
        { httpStatus: 402, retryable: false, code: 'USAGE_LIMIT_EXCEEDED' },
      ]);
    });
  });

  describe('that is public', () => {
    let open: string;
    beforeAll(async () => {
      open = await serverOf([greeting], { isPublic: true });
    });

    test('needs no key; the run is its creator’s, the workspace’s billed account pays', async () => {
      await gateway.user('boss');
      await gateway.happened('BilledAccountChanged', { workspaceId: 'ws1', billedAccountUserId: 'boss' });

      const { json } = await post(callOf('say_hello', { name: 'world' }), {}, open);

      expect(JSON.parse(json.result.content[0].text)).toEqual({ greeting: 'Hello, world' });
      await eventually(() => {
        expect(gateway.runEvents.at(-2)).toMatchObject({
          type: 'RequestBilled',
          data: {
            keyId: null,
            keyName: null,
            keyKind: null,
            actorUserId: 'anna',
            payerUserId: 'boss',
            payerRule: 'workspace',
          },
        });
      });
      await gateway.happened('BilledAccountChanged', { workspaceId: 'ws1', billedAccountUserId: 'anna' });
    });

    test('is closed from the answer on when it is made private', async () => {
      await anna('PATCH', `/api/mcp/workflow-servers/${open}`, { isPublic: false });
      expect((await post(rpc('ping'), {}, open)).status).toBe(401);
      await anna('PATCH', `/api/mcp/workflow-servers/${open}`, { isPublic: true });
      expect((await post(rpc('ping'), {}, open)).status).toBe(200);
    });

    test('is closed while its creator is suspended, and when he is no member any more', async () => {
      await gateway.happened('UserSuspended', { userId: 'anna' });
      expect((await post(rpc('ping'), {}, open)).json).toEqual({ error: 'Forbidden' });
      await gateway.happened('UserReinstated', { userId: 'anna' });
      expect((await post(rpc('ping'), {}, open)).status).toBe(200);
      await gateway.happened('MemberRemoved', { workspaceId: 'ws1', userId: 'anna' });
      expect((await post(rpc('ping'), {}, open)).json).toEqual({ error: 'Forbidden' });
      await gateway.happened('MemberAdded', { workspaceId: 'ws1', userId: 'anna', role: 'admin' });
    });
  });

  describe('is discovered', () => {
    const discover = (headers: Record<string, string>, query = '') =>
      gateway.send('GET', `/api/mcp/discover${query}`, headers);

    test('by keys that can use it, with the number of its tools', async () => {
      const shared = await gateway.key({ workspaceId: 'ws1' });
      for (const usable of [key, shared]) {
        const { status, json } = await discover({ 'x-api-key': usable });
        expect([status, json]).toMatchObject([
          200,
          { success: true, authentication: { method: 'API Key', header: 'X-API-Key' } },
        ]);
        expect(json.servers).toContainEqual({
          id: server,
          name: 'Tools',
          description: null,
          workspace: { id: 'ws1', name: 'Workspace ws1' },
          toolCount: 2,
          createdAt: expect.stringMatching(/Z$/),
          url: expect.stringContaining(`/api/mcp/serve/${server}`),
        });
      }
    });

    test('by nobody else', async () => {
      for (const owner of [{ workspaceId: 'ws2' }, { ownerId: 'mallory' }]) {
        expect((await discover({ 'x-api-key': await gateway.key(owner) })).json.servers).toEqual([]);
      }
      await gateway.happened('PersonalKeysDisallowed', { workspaceId: 'ws1' });
      expect((await discover({ 'x-api-key': key })).json.servers).toEqual([]);
      await gateway.happened('PersonalKeysAllowed', { workspaceId: 'ws1' });
      for (const headers of [{}, { 'x-api-key': 'sk-sim-nonsense' }] as Record<string, string>[]) {
        const answer = await discover(headers);
        expect([answer.status, answer.json]).toEqual([
          401,
          { success: false, error: 'Authentication required. Provide X-API-Key header.' },
        ]);
      }
    });

    test('in pages', async () => {
      const { json } = await discover({ 'x-api-key': key }, '?limit=1');
      const rest = await discover({ 'x-api-key': key }, `?limit=1&cursor=${json.nextCursor}`);
      expect(json.servers).toHaveLength(1);
      expect(rest.json.servers[0].id).not.toBe(json.servers[0].id);
      expect((await discover({ 'x-api-key': key }, '?cursor=x')).status).toBe(400);
    });
  });
});
