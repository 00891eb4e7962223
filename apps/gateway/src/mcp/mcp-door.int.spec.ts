import { eventually } from '@tollgate/testing';
import { McpUnderTest, rpc, toolCall } from '../../test/mcp-under-test.js';

describe('an MCP server', () => {
  let mcp: McpUnderTest;
  beforeAll(async () => {
    mcp = await McpUnderTest.start();
  });
  afterAll(() => mcp.stop());

  describe('opens its door', () => {
    test('to nobody when there is no such server, with or without a key', async () => {
      for (const headers of [{}, { 'x-api-key': mcp.key }] as Record<string, string>[]) {
        const answer = await mcp.post(rpc('ping'), headers, 'no-such-server');
        expect([answer.status, answer.json]).toEqual([404, { error: 'Server not found' }]);
      }
    });

    test('not without a usable key, in plain JSON and without a challenge', async () => {
      const revoked = await mcp.gateway.key({ ownerId: 'anna' });
      await mcp.gateway.revoke(revoked);
      for (const headers of [{}, { 'x-api-key': `sk-sim-${'x'.repeat(32)}` }, { 'x-api-key': revoked }] as Record<
        string,
        string
      >[]) {
        for (const method of ['GET', 'POST', 'DELETE']) {
          const answer = await mcp.gateway.send(
            method,
            mcp.path(),
            headers,
            method === 'POST' ? rpc('ping') : undefined,
          );
          expect([answer.status, answer.json]).toEqual([401, { error: 'Unauthorized' }]);
          expect(answer.headers.has('www-authenticate')).toBe(false);
        }
      }
    });

    test('not to keys of other workspaces and people who are no members', async () => {
      for (const owner of [{ workspaceId: 'ws2' }, { ownerId: 'mallory' }]) {
        const answer = await mcp.post(rpc('ping'), { 'x-api-key': await mcp.gateway.key(owner) });
        expect([answer.status, answer.json]).toEqual([403, { error: 'Forbidden' }]);
      }
    });

    test('not to personal keys while they are switched off; the workspace’s own go on', async () => {
      const shared = await mcp.gateway.key({ workspaceId: 'ws1' });
      await mcp.gateway.happened('PersonalKeysDisallowed', { workspaceId: 'ws1' });

      const answer = await mcp.post(rpc('ping'));
      expect([answer.status, answer.json]).toEqual([
        403,
        { error: 'Personal API keys are not allowed for this workspace' },
      ]);
      expect((await mcp.post(rpc('ping'), { 'x-api-key': shared })).json).toEqual({
        jsonrpc: '2.0',
        id: 1,
        result: {},
      });
      await mcp.gateway.happened('PersonalKeysAllowed', { workspaceId: 'ws1' });
    });
  });

  describe('that is public', () => {
    let open: string;
    beforeAll(async () => {
      open = await mcp.serverOf([mcp.greeting], { isPublic: true });
    });

    test('needs no key; the run is its creator’s, the workspace’s billed account pays', async () => {
      await mcp.gateway.user('boss');
      await mcp.gateway.happened('BilledAccountChanged', { workspaceId: 'ws1', billedAccountUserId: 'boss' });

      const { json } = await mcp.post(toolCall('say_hello', { name: 'world' }), {}, open);

      expect(JSON.parse(json.result.content[0].text)).toEqual({ greeting: 'Hello, world' });
      await eventually(() => {
        expect(mcp.gateway.runEvents.at(-2)).toMatchObject({
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
      await mcp.gateway.happened('BilledAccountChanged', { workspaceId: 'ws1', billedAccountUserId: 'anna' });
    });

    test('is closed from the answer on when it is made private', async () => {
      await mcp.anna('PATCH', `/api/mcp/workflow-servers/${open}`, { isPublic: false });
      expect((await mcp.post(rpc('ping'), {}, open)).status).toBe(401);
      await mcp.anna('PATCH', `/api/mcp/workflow-servers/${open}`, { isPublic: true });
      expect((await mcp.post(rpc('ping'), {}, open)).status).toBe(200);
    });

    test('is closed while its creator is suspended, and when he is no member any more', async () => {
      await mcp.gateway.happened('UserSuspended', { userId: 'anna' });
      expect((await mcp.post(rpc('ping'), {}, open)).json).toEqual({ error: 'Forbidden' });
      await mcp.gateway.happened('UserReinstated', { userId: 'anna' });
      expect((await mcp.post(rpc('ping'), {}, open)).status).toBe(200);
      await mcp.gateway.happened('MemberRemoved', { workspaceId: 'ws1', userId: 'anna' });
      expect((await mcp.post(rpc('ping'), {}, open)).json).toEqual({ error: 'Forbidden' });
      await mcp.gateway.happened('MemberAdded', { workspaceId: 'ws1', userId: 'anna', role: 'admin' });
    });
  });

  describe('is discovered', () => {
    const discover = (headers: Record<string, string>, query = '') =>
      mcp.gateway.send('GET', `/api/mcp/discover${query}`, headers);

    test('by keys that can use it, with the number of its tools', async () => {
      const shared = await mcp.gateway.key({ workspaceId: 'ws1' });
      for (const usable of [mcp.key, shared]) {
        const { status, json } = await discover({ 'x-api-key': usable });
        expect([status, json]).toMatchObject([
          200,
          { success: true, authentication: { method: 'API Key', header: 'X-API-Key' } },
        ]);
        expect(json.servers).toContainEqual({
          id: mcp.server,
          name: 'Tools',
          description: null,
          workspace: { id: 'ws1', name: 'Workspace ws1' },
          toolCount: 2,
          createdAt: expect.stringMatching(/Z$/),
          url: expect.stringContaining(`/api/mcp/serve/${mcp.server}`),
        });
      }
    });

    test('by nobody else', async () => {
      for (const owner of [{ workspaceId: 'ws2' }, { ownerId: 'mallory' }]) {
        expect((await discover({ 'x-api-key': await mcp.gateway.key(owner) })).json.servers).toEqual([]);
      }
      await mcp.gateway.happened('PersonalKeysDisallowed', { workspaceId: 'ws1' });
      expect((await discover({ 'x-api-key': mcp.key })).json.servers).toEqual([]);
      await mcp.gateway.happened('PersonalKeysAllowed', { workspaceId: 'ws1' });
      for (const headers of [{}, { 'x-api-key': 'sk-sim-nonsense' }] as Record<string, string>[]) {
        const answer = await discover(headers);
        expect([answer.status, answer.json]).toEqual([
          401,
          { success: false, error: 'Authentication required. Provide X-API-Key header.' },
        ]);
      }
    });

    test('in pages', async () => {
      const { json } = await discover({ 'x-api-key': mcp.key }, '?limit=1');
      const rest = await discover({ 'x-api-key': mcp.key }, `?limit=1&cursor=${json.nextCursor}`);
      expect(json.servers).toHaveLength(1);
      expect(rest.json.servers[0].id).not.toBe(json.servers[0].id);
      expect((await discover({ 'x-api-key': mcp.key }, '?cursor=x')).status).toBe(400);
    });
  });
});
