import { McpUnderTest, rpc, toolCall } from '../../test/mcp-under-test.js';

describe('an MCP server', () => {
  let mcp: McpUnderTest;
  beforeAll(async () => {
    mcp = await McpUnderTest.start();
  });
  afterAll(() => mcp.stop());

  describe('speaks the protocol', () => {
    test('GET tells what it is, a stream is refused as clients expect it, DELETE ends nothing', async () => {
      const asked = (accept: string) => mcp.gateway.send('GET', mcp.path(), { 'x-api-key': mcp.key, accept });

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
      expect((await mcp.gateway.send('DELETE', mcp.path(), { 'x-api-key': mcp.key })).status).toBe(204);
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

      const { status, json } = await mcp.post(rpc('initialize', params));

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
        const answer = await mcp.post(message);
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
      const answer = await mcp.post(body);

      expect([answer.status, answer.json]).toMatchObject([status, { jsonrpc: '2.0', error }]);
      expect(answer.json.error.message).toEqual(expect.any(String));
    });

    test('a body that is too large, or a form, is refused in the same shape', async () => {
      const large = await mcp.post(toolCall('say_hello', { name: 'x'.repeat(11 * 1024 * 1024) }));
      const form = await mcp.post('a=b', { 'x-api-key': mcp.key, 'content-type': 'application/x-www-form-urlencoded' });

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

      const { status, json } = await mcp.post(batch);

      expect(status).toBe(200);
      expect(json).toMatchObject([
        { id: 1, result: {} },
        { id: 2, result: { isError: false } },
        { id: 3, error: { code: -32602, message: 'Tool not found: no_such' } },
        { id: null, error: { code: -32600 } },
      ]);
    });
  });
});
