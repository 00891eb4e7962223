import { eventually } from '@tollgate/testing';
import { FAULT_TEXT, McpUnderTest, rpc, toolCall } from '../../test/mcp-under-test.js';

describe('an MCP server', () => {
  let mcp: McpUnderTest;
  beforeAll(async () => {
    mcp = await McpUnderTest.start();
  });
  afterAll(() => mcp.stop());

  describe('offers workflows as tools', () => {
    test('those that are deployed, with their schemas in a form that clients take', async () => {
      expect((await mcp.post(rpc('tools/list'))).json.result).toEqual({
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
      for (let count = 0; count < 51; count += 1) ids.push(await mcp.workflow('Same name', '$'));
      const many = await mcp.serverOf(ids);

      const first = (await mcp.post(rpc('tools/list'), undefined, many)).json.result;
      const second = (await mcp.post(rpc('tools/list', { cursor: first.nextCursor }), undefined, many)).json.result;

      expect(first.tools).toHaveLength(50);
      expect(second).toMatchObject({ tools: [{ name: 'same_name_51' }] });
      expect(second.nextCursor).toBeUndefined();
    });

    test('a call runs the workflow; it is billed and logged with the trigger mcp', async () => {
      const answer = await mcp.post(toolCall('say_hello', { name: 'Ada' }), {
        'x-api-key': mcp.key,
        'user-agent': 'an-agent/1',
      });

      expect(answer.json).toEqual({
        jsonrpc: '2.0',
        id: 1,
        result: { content: [{ type: 'text', text: '{\n  "greeting": "Hello, Ada"\n}' }], isError: false },
      });
      expect(answer.headers.get('x-ratelimit-limit')).toBe('300');
      expect(answer.headers.get('x-ratelimit-reset')).toMatch(/^\d+$/);
      await eventually(() => {
        const ours = mcp.gateway.runEvents.filter(
          ({ data }) => (data as { workflowId?: string }).workflowId === mcp.greeting,
        );
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
      const { status, json } = await mcp.post(toolCall('failing'));

      expect([status, json.result.isError]).toEqual([200, true]);
      expect(JSON.parse(json.result.content[0].text)).toEqual({
        success: false,
        executionId: expect.stringMatching(/^tgr_/),
        output: null,
        error: expect.stringContaining(FAULT_TEXT),
      });
    });

    test('a tool that is not there and one that is not deployed are told apart', async () => {
      const unknown = await mcp.post(toolCall('no_such'));
      const undeployed = await mcp.post(toolCall('draft'));

      expect([unknown.status, unknown.json.error]).toEqual([404, { code: -32602, message: 'Tool not found: no_such' }]);
      expect([undeployed.status, undeployed.json.error]).toEqual([
        400,
        { code: -32603, message: 'Workflow is not deployed' },
      ]);
    });

    test('a deleted workflow is no tool any more', async () => {
      const id = await mcp.workflow('Short-lived', '$');
      const own = await mcp.serverOf([id]);
      await mcp.anna('DELETE', `/api/workflows/${id}`);

      expect((await mcp.post(rpc('tools/list'), undefined, own)).json.result).toEqual({ tools: [] });
      expect((await mcp.post(toolCall('short_lived'), undefined, own)).status).toBe(404);
    });
  });

  describe('keeps the limits of any run', () => {
    test('a used-up budget is 402, a used-up rate 429, each with what a machine needs to know', async () => {
      await mcp.gateway.user('poor', 'free');
      await mcp.gateway.happened('MemberAdded', { workspaceId: 'ws1', userId: 'poor', role: 'read' });
      const poor = { 'x-api-key': await mcp.gateway.key({ ownerId: 'poor' }) };
      let last = await mcp.post(toolCall('say_hello'), poor);
      for (let runs = 0; last.status === 200 && runs < 200; runs += 1)
        last = await mcp.post(toolCall('say_hello'), poor);

      expect([last.status, last.json.error]).toEqual([
        429,
        {
          code: -32000,
          message: 'Rate limit exceeded. Please try again later.',
          data: { httpStatus: 429, retryable: true, code: 'RATE_LIMIT_EXCEEDED' },
        },
      ]);
      expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
      await mcp.gateway.happened('UsageLimitChanged', { userId: 'poor', limitMicros: 0 });
      const broke = await mcp.post(toolCall('say_hello'), poor);
      expect([broke.status, broke.json.error.data]).toEqual([
        402,
        { httpStatus: 402, retryable: false, code: 'USAGE_LIMIT_EXCEEDED' },
      ]);
    });
  });
});
