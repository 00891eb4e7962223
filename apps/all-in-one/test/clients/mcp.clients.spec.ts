import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport, StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { eventually } from '@tollgate/testing';
import { call } from '../person.js';
import { ClientWorld, FAULT_TEXT } from './client-world.js';

const TIMEOUT_MS = 60_000;
const MCP_REMOTE = join(import.meta.dirname, '../../../../node_modules/mcp-remote/dist/proxy.js');

describe('MCP clients, unmodified', () => {
  let world: ClientWorld;
  let url: string;
  beforeAll(async () => {
    world = await ClientWorld.start();
    url = await server();
  }, TIMEOUT_MS);
  afterAll(() => world.dispose());

  /** A server of all workflows, at the address where the clients call. */
  async function server(more: object = {}): Promise<string> {
    const { greeting, failing, draft } = world.workflows;
    const body = { workspaceId: world.workspaceId, name: 'Tools', workflowIds: [greeting, failing, draft], ...more };
    const made = await world.ada.ok('POST', '/api/mcp/workflow-servers', body);
    return `${world.url}${new URL(made.server.url as string).pathname}`;
  }

  function transportTo(address: string, key?: string): StreamableHTTPClientTransport {
    const headers = key === undefined ? {} : { 'X-API-Key': key };
    return new StreamableHTTPClientTransport(new URL(address), { requestInit: { headers } });
  }

  async function connected(address = url, key?: string): Promise<Client> {
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(transportTo(address, key));
    return client;
  }

  const caught = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (error: unknown) => error,
    );

  describe('@modelcontextprotocol/sdk 1.32.2', () => {
    test('connects, pings, lists and calls', async () => {
      const client = await connected(url, world.keys.workspace);

      expect(client.getServerVersion()).toEqual({ name: 'Tools', version: '1.0.0' });
      expect(await client.ping()).toEqual({});
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(['greeting', 'failing']);
      expect(await client.callTool({ name: 'greeting', arguments: { name: 'Ada' } })).toEqual({
        content: [{ type: 'text', text: '{\n  "greeting": "Hello, Ada"\n}' }],
        isError: false,
      });
      await client.close();
    });

    test('a run that fails is a result that says so', async () => {
      const client = await connected(url, world.keys.personal);

      const result = await client.callTool({ name: 'failing', arguments: {} });

      expect(result.isError).toBe(true);
      const [{ text }] = result.content as [{ text: string }];
      expect(JSON.parse(text)).toMatchObject({
        success: false,
        executionId: expect.any(String),
        error: expect.stringContaining(FAULT_TEXT),
      });
      await client.close();
    });

    test('is refused without a usable key, and with one that may not', async () => {
      const closed = await world.behindClosedDoor();
      const made = await closed.person.ok('POST', '/api/mcp/workflow-servers', {
        workspaceId: closed.workspaceId,
        name: 'Closed',
        workflowIds: [closed.workflowId],
      });
      const closedUrl = `${world.url}${new URL(made.server.url as string).pathname}`;

      const refusals = await Promise.all([
        caught(connected(url)),
        caught(connected(url, world.badKey)),
        caught(connected(url, world.keys.foreign)),
        caught(connected(url, world.keys.outsider)),
        caught(connected(closedUrl, closed.key.key)),
        caught(connected(`${world.url}/api/mcp/serve/no-such-server`, world.keys.personal)),
      ]);

      for (const error of refusals) expect(error).toBeInstanceOf(StreamableHTTPError);
      expect(refusals.map((error) => (error as StreamableHTTPError).code)).toEqual([401, 401, 403, 403, 403, 404]);
      expect(String(refusals[4])).toContain('Personal API keys are not allowed for this workspace');
    });

    test('a tool that is not there, and one that is not deployed, are errors', async () => {
      const client = await connected(url, world.keys.personal);

      const unknown = await caught(client.callTool({ name: 'no_such', arguments: {} }));
      const undeployed = await caught(client.callTool({ name: 'draft', arguments: {} }));

      expect(unknown).toMatchObject({ code: 404, message: expect.stringContaining('Tool not found: no_such') });
      expect(undeployed).toMatchObject({ code: 400, message: expect.stringContaining('Workflow is not deployed') });
      await client.close();
    });

    test('used-up limits are errors that say which', async () => {
      const [hasty, broke] = [await world.hasty(), await world.broke()];
      const errors: unknown[] = [];
      for (const { person, workspaceId, workflowId, key } of [hasty, broke]) {
        const body = { workspaceId, name: 'Tools', workflowIds: [workflowId] };
        const made = await person.ok('POST', '/api/mcp/workflow-servers', body);
        const client = await connected(`${world.url}${new URL(made.server.url as string).pathname}`, key.key);
        errors.push(await caught(client.callTool({ name: 'greeting', arguments: {} })));
        await client.close();
      }

      expect(errors).toMatchObject([
        { code: 429, message: expect.stringContaining('RATE_LIMIT_EXCEEDED') },
        { code: 402, message: expect.stringContaining('USAGE_LIMIT_EXCEEDED') },
      ]);
    });

    test('is cut off in the middle of its session when its key is revoked', async () => {
      const key = await world.ada.personalKey('to be revoked');
      const client = await connected(url, key.key);
      expect((await client.callTool({ name: 'greeting', arguments: {} })).isError).toBe(false);

      await world.ada.ok('DELETE', `/api/users/me/api-keys/${key.id}`);

      expect(await caught(client.callTool({ name: 'greeting', arguments: {} }))).toMatchObject({ code: 401 });
      expect(await caught(client.listTools())).toMatchObject({ code: 401 });
      await client.close();
    });

    test('a public server needs no key until it is made private; the workspace’s owner is billed', async () => {
      const open = await server({ isPublic: true });
      const client = await connected(open);
      expect((await client.callTool({ name: 'greeting', arguments: {} })).isError).toBe(false);
      const day = new Date().toISOString().slice(0, 10);
      await eventually(
        async () => {
          const report = await world.ada.ok('GET', `/api/billing/reports?from=${day}&groupBy=key`);
          expect(report.rows).toContainEqual(expect.objectContaining({ keyId: null, requests: 1, cost: '0.005000' }));
          expect(await world.ada.ok('GET', '/api/billing/reconciliation')).toMatchObject({ difference: 0 });
        },
        { everyMs: 250 },
      );

      await world.ada.ok('PATCH', `/api/mcp/workflow-servers/${open.split('/').at(-1)}`, { isPublic: false });

      expect(await caught(client.listTools())).toMatchObject({ code: 401 });
      await client.close();
    });

    test('calls are in the log with the trigger mcp', async () => {
      const key = (await world.ada.workspaceKey(world.workspaceId, 'for the log')).key;
      const client = await connected(url, key);
      await client.callTool({ name: 'greeting', arguments: { name: 'log' } });
      await client.close();

      const path = `/api/v1/logs?workspaceId=${world.workspaceId}&triggers=mcp&details=full&includeFinalOutput=true`;
      await eventually(
        async () => {
          const { body } = await call(`${world.url}${path}`, 'GET', undefined, { 'x-api-key': key });
          expect(body.data).toContainEqual(
            expect.objectContaining({
              trigger: 'mcp',
              finalOutput: { greeting: 'Hello, log' },
              cost: { total: 0.005 },
            }),
          );
        },
        { everyMs: 250 },
      );
    });
  });

  describe('mcp-remote 0.15.1', () => {
    const config = mkdtempSync(join(tmpdir(), 'tollgate-mcp-remote-'));
    afterAll(() => rmSync(config, { recursive: true, force: true }));

    const remote = (key: string) =>
      new StdioClientTransport({
        command: process.execPath,
        args: [MCP_REMOTE, url, '--header', `X-API-Key:${key}`],
        env: { PATH: process.env.PATH ?? '', HOME: config, MCP_REMOTE_CONFIG_DIR: config },
        stderr: 'ignore',
      });

    test(
      'carries a client’s listing and calling',
      async () => {
        const client = new Client({ name: 'test', version: '1.0.0' });
        await client.connect(remote(world.keys.personal));

        const { tools } = await client.listTools();
        const result = await client.callTool({ name: 'greeting', arguments: { name: 'Ada' } });

        expect(tools.map(({ name }) => name)).toEqual(['greeting', 'failing']);
        expect(result).toMatchObject({ content: [{ text: expect.stringContaining('Hello, Ada') }], isError: false });
        await client.close();
      },
      TIMEOUT_MS,
    );

    test(
      'ends when its key is no good',
      async () => {
        const client = new Client({ name: 'test', version: '1.0.0' });

        expect(await caught(client.connect(remote(world.badKey)))).toBeInstanceOf(Error);

        await client.close();
      },
      TIMEOUT_MS,
    );
  });

  test('discovery tells what the key can use', async () => {
    const { body } = await call(`${world.url}/api/mcp/discover`, 'GET', undefined, {
      'x-api-key': world.keys.workspace,
    });
    expect(body.servers).toContainEqual(
      expect.objectContaining({ name: 'Tools', toolCount: 2, workspace: { id: world.workspaceId, name: 'Workshop' } }),
    );
  });
});
