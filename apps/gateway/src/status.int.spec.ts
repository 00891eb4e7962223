import { GatewayUnderTest } from '../test/gateway-under-test.js';

describe('GET /api/workflows/{id}/status', () => {
  let gateway: GatewayUnderTest;
  let id: string;
  beforeAll(async () => {
    gateway = await GatewayUnderTest.start();
    for (const person of ['anna', 'mallory']) await gateway.user(person);
    await gateway.workspace('ws1', 'anna');
    await gateway.workspace('ws2', 'mallory');
    id = await gateway.deployed('anna', 'ws1');
  });
  afterAll(() => gateway.stop());

  const status = async (key: string | undefined, of = id) =>
    gateway.send('GET', `/api/workflows/${of}/status`, key === undefined ? {} : { 'x-api-key': key });

  test.each(['personal', 'workspace'])(
    'tells a %s key whether the workflow is deployed and up to date',
    async (kind) => {
      const key = await gateway.key(kind === 'personal' ? { ownerId: 'anna' } : { workspaceId: 'ws1' });
      const own = await gateway.deployed('anna', 'ws1');
      const deployedAt = (await status(key, own)).json.deployedAt as string;
      expect((await status(key, own)).json).toEqual({ isDeployed: true, deployedAt, needsRedeployment: false });
      await gateway.as('anna')('PUT', `/api/workflows/${own}`, { name: 'Other' });
      expect((await status(key, own)).json).toEqual({ isDeployed: true, deployedAt, needsRedeployment: true });
      await gateway.as('anna')('DELETE', `/api/workflows/${own}/deploy`);
      expect((await status(key, own)).json).toEqual({ isDeployed: false, deployedAt: null, needsRedeployment: false });
    },
  );

  test('conceals what the key may not see as what is not there, and has its codes', async () => {
    const notFound = [404, { error: 'Workflow not found', code: 'WORKFLOW_NOT_FOUND' }];
    for (const owner of [{ ownerId: 'mallory' }, { workspaceId: 'ws2' }]) {
      const key = await gateway.key(owner);
      for (const workflowId of [id, 'absent']) {
        const answer = await status(key, workflowId);
        expect([answer.status, answer.json]).toEqual(notFound);
      }
    }
    for (const key of [undefined, 'sk-sim-nonsense']) {
      const answer = await status(key);
      expect([answer.status, answer.json]).toEqual([401, { error: 'Unauthorized', code: 'UNAUTHORIZED' }]);
    }
  });

  test('tells members who are signed in the same, and nobody else; a bad key is not made up for by a cookie', async () => {
    const path = `/api/workflows/${id}/status`;
    expect((await gateway.as('anna')('GET', path)).json).toMatchObject({ isDeployed: true, needsRedeployment: false });
    const stranger = await gateway.as('mallory')('GET', path);
    const absent = await gateway.as('mallory')('GET', '/api/workflows/absent/status');
    expect([stranger.status, stranger.text]).toEqual([404, absent.text]);
    expect((await gateway.send('GET', path, { cookie: 'nobody=1' })).status).toBe(401);
    const both = await gateway.send('GET', path, { cookie: 'person=anna', 'x-api-key': 'sk-sim-nonsense' });
    expect(both.status).toBe(401);
  });
});
