import { execute, getWithKey, Person } from './person.js';
import { RunningPlatform } from './running-platform.js';

const REFUSED = 'Personal API keys are not allowed for this workspace';

describe('switching personal keys off', () => {
  let platform: RunningPlatform;
  beforeAll(async () => void (platform = await RunningPlatform.start()));
  afterAll(() => platform.dispose());

  test('stops every personal key in that workspace at the next request, on every surface; workspace keys go on', async () => {
    const ada = await Person.signUp(platform);
    const ben = await Person.signUp(platform, 'Ben');
    const workspaceId = await ada.workspace();
    const elsewhere = await ada.workspace('Elsewhere');
    const workflowId = await ada.workflow(workspaceId);
    const other = await ada.workflow(elsewhere);
    await ada.join(workspaceId, ben, 'write');
    const [own, bens, shared] = [await ada.personalKey(), await ben.personalKey(), await ada.workspaceKey(workspaceId)];

    const { workspace } = await ada.ok('PATCH', `/api/workspaces/${workspaceId}`, { allowPersonalApiKeys: false });

    expect(workspace.allowPersonalApiKeys).toBe(false);
    for (const { key } of [own, bens]) {
      const run = await execute(platform, workflowId, key);
      expect([run.status, run.body.error, run.body.code]).toEqual([403, REFUSED, 'PERSONAL_API_KEYS_DISABLED']);
      const status = await getWithKey(platform, `/api/workflows/${workflowId}/status`, key);
      expect([status.status, status.body.error]).toEqual([403, REFUSED]);
      const logs = await getWithKey(platform, `/api/v1/logs?workspaceId=${workspaceId}`, key);
      expect([logs.status, logs.body.error]).toEqual([403, REFUSED]);
    }
    expect((await execute(platform, workflowId, shared.key)).status).toBe(200);
    expect((await execute(platform, other, own.key)).status).toBe(200);

    await ada.ok('PATCH', `/api/workspaces/${workspaceId}`, { allowPersonalApiKeys: true });
    expect((await execute(platform, workflowId, bens.key)).status).toBe(200);
  });

  test('is for admins', async () => {
    const ada = await Person.signUp(platform);
    const ben = await Person.signUp(platform, 'Ben');
    const workspaceId = await ada.workspace();
    await ada.join(workspaceId, ben, 'write');

    const refused = await ben.send('PATCH', `/api/workspaces/${workspaceId}`, { allowPersonalApiKeys: false });

    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({ error: 'Insufficient permissions', code: 'FORBIDDEN' });
  });
});
