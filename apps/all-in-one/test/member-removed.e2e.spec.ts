import { execute, getWithKey, operate, Person } from './person.js';
import { RunningPlatform } from './running-platform.js';

describe('removing a member', () => {
  let platform: RunningPlatform;
  beforeAll(async () => void (platform = await RunningPlatform.start()));
  afterAll(() => platform.dispose());

  test('ends their personal key in that workspace at the next request; a workspace key they made goes on', async () => {
    const ada = await Person.signUp(platform);
    const ben = await Person.signUp(platform, 'Ben');
    const workspaceId = await ada.workspace();
    const workflowId = await ada.workflow(workspaceId);
    await ada.join(workspaceId, ben, 'admin');
    const personal = await ben.personalKey();
    const shared = await ben.workspaceKey(workspaceId);
    expect((await execute(platform, workflowId, personal.key)).status).toBe(200);

    await ada.ok('DELETE', `/api/workspaces/${workspaceId}/members/${ben.userId}`);

    const run = await execute(platform, workflowId, personal.key);
    expect([run.status, run.body.error]).toEqual([403, 'Unauthorized: Access denied to read this workflow']);
    const logs = await getWithKey(platform, `/api/v1/logs?workspaceId=${workspaceId}`, personal.key);
    expect([logs.status, logs.body.error]).toEqual([403, 'Access denied']);
    expect((await execute(platform, workflowId, shared.key)).status).toBe(200);
    expect((await ben.send('GET', `/api/workspaces/${workspaceId}`)).status).toBe(404);
  });

  test('the owner stays, and nobody is removed by a member', async () => {
    const ada = await Person.signUp(platform);
    const ben = await Person.signUp(platform, 'Ben');
    const workspaceId = await ada.workspace();
    await ada.join(workspaceId, ben, 'read');

    expect((await ada.send('DELETE', `/api/workspaces/${workspaceId}/members/${ada.userId}`)).status).toBe(400);
    expect((await ben.send('DELETE', `/api/workspaces/${workspaceId}/members/${ada.userId}`)).status).toBe(403);
  });

  test('a suspended person is refused like any unknown key, and a workspace they pay for says so', async () => {
    const ada = await Person.signUp(platform);
    const workspaceId = await ada.workspace();
    const workflowId = await ada.workflow(workspaceId);
    const [personal, shared] = [await ada.personalKey(), await ada.workspaceKey(workspaceId)];

    expect((await operate(platform, 'POST', `/users/${ada.userId}/suspend`)).status).toBe(200);

    const refused = await execute(platform, workflowId, personal.key);
    expect([refused.status, refused.body.error]).toEqual([401, 'Invalid API key']);
    const unpaid = await execute(platform, workflowId, shared.key);
    expect([unpaid.status, unpaid.body.error]).toEqual([403, 'Account suspended']);
    expect((await ada.send('GET', '/api/workspaces')).status).toBe(401);

    await operate(platform, 'POST', `/users/${ada.userId}/unsuspend`);
    expect((await execute(platform, workflowId, personal.key)).status).toBe(200);
  });
});
