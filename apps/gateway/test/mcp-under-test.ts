import { GatewayUnderTest, type Answer } from './gateway-under-test.js';

export const FAULT_TEXT = 'The stars are wrong';
const INPUT_SCHEMA = {
  type: 'object',
  properties: { name: { type: 'string' }, any: true },
  required: ['name'],
};

/** A JSON-RPC request. */
export function rpc(method: string, params?: unknown, id = 1): object {
  return { jsonrpc: '2.0', id, method, ...(params !== undefined && { params }) };
}

export function toolCall(name: string, input: object = {}): object {
  return rpc('tools/call', { name, arguments: input });
}

/** A gateway with an MCP server of workspace `ws1`, which is Anna's: it offers a greeting, a failing and a draft workflow. */
export class McpUnderTest {
  private constructor(
    readonly gateway: GatewayUnderTest,
    /** Anna's personal key. */
    readonly key: string,
  ) {}

  greeting = '';
  server = '';

  static async start(): Promise<McpUnderTest> {
    const gateway = await GatewayUnderTest.start();
    for (const person of ['anna', 'mallory']) await gateway.user(person);
    await gateway.workspace('ws1', 'anna');
    await gateway.workspace('ws2', 'mallory');
    const mcp = new McpUnderTest(gateway, await gateway.key({ ownerId: 'anna' }));
    mcp.greeting = await mcp.workflow('Say Hello', '{ "greeting": "Hello, " & name }', { inputSchema: INPUT_SCHEMA });
    const failing = await mcp.workflow('Failing', `$error("${FAULT_TEXT}")`, { description: 'always fails' });
    const draft = await mcp.workflow('Draft', '$');
    await mcp.anna('DELETE', `/api/workflows/${draft}/deploy`);
    mcp.server = await mcp.serverOf([mcp.greeting, failing, draft]);
    return mcp;
  }

  anna(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.gateway.as('anna')(method, path, body);
  }

  /** A deployed workflow. */
  async workflow(name: string, expression: string, more: object = {}): Promise<string> {
    const runner = { kind: 'expression', expression };
    const created = await this.anna('POST', '/api/workflows', { workspaceId: 'ws1', name, runner, ...more });
    const id = created.json.workflow.id as string;
    await this.anna('POST', `/api/workflows/${id}/deploy`);
    return id;
  }

  async serverOf(workflowIds: string[], more: object = {}): Promise<string> {
    const body = { workspaceId: 'ws1', name: 'Tools', workflowIds, ...more };
    return (await this.anna('POST', '/api/mcp/workflow-servers', body)).json.server.id;
  }

  path(server = this.server): string {
    return `/api/mcp/serve/${server}`;
  }

  post(body: unknown, headers: Record<string, string> = { 'x-api-key': this.key }, server?: string): Promise<Answer> {
    return this.gateway.send('POST', this.path(server), headers, body);
  }

  stop(): Promise<void> {
    return this.gateway.stop();
  }
}
