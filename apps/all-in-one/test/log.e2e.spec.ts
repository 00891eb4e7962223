import { eventually } from '@tollgate/testing';
import { execute, getWithKey, Person } from './person.js';
import { RunningPlatform } from './running-platform.js';

describe('logging runs', () => {
  let platform: RunningPlatform;
  beforeAll(async () => void (platform = await RunningPlatform.start()));
  afterAll(() => platform.dispose());

  test.each(['personal', 'workspace'])('a run by a %s key is in the log within two seconds, in full', async (kind) => {
    const ada = await Person.signUp(platform);
    const workspaceId = await ada.workspace();
    const workflowId = await ada.workflow(workspaceId, '{ "twice": n * 2 }', 'Twice');
    const { key } = kind === 'personal' ? await ada.personalKey() : await ada.workspaceKey(workspaceId);

    const { body: run } = await execute(platform, workflowId, key, { n: 21 });
    const list = await eventually(
      async () => {
        const answer = await getWithKey(
          platform,
          `/api/v1/logs?workspaceId=${workspaceId}&details=full&includeFinalOutput=true`,
          key,
        );
        expect(answer.body.data).toHaveLength(1);
        return answer;
      },
      { timeoutMs: 2_000 },
    );

    const [entry] = list.body.data;
    expect(entry).toMatchObject({
      workflowId,
      executionId: run.executionId,
      level: 'info',
      trigger: 'api',
      cost: { total: 0.005 },
      workflow: { id: workflowId, name: 'Twice', deleted: false },
      finalOutput: { twice: 42 },
    });
    expect(list.headers.get('x-ratelimit-reset')).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect('nextCursor' in list.body).toBe(false);
    const detail = await getWithKey(platform, `/api/v1/logs/${entry.id}`, key);
    expect(detail.body.data).toMatchObject({ id: entry.id, executionId: run.executionId });
    const execution = await getWithKey(platform, `/api/v1/logs/executions/${run.executionId}`, key);
    expect(execution.body).toMatchObject({ executionId: run.executionId, executionMetadata: { trigger: 'api' } });
  });

  test('a member who is signed in reads the log, a reader too; to others workspace and run are not there', async () => {
    const [ada, ben, eve] = [
      await Person.signUp(platform),
      await Person.signUp(platform, 'Ben'),
      await Person.signUp(platform, 'Eve'),
    ];
    const workspaceId = await ada.workspace();
    const workflowId = await ada.workflow(workspaceId);
    await ada.join(workspaceId, ben, 'read');
    const made = await ada.personalKey('laptop');
    const { body: run } = await execute(platform, workflowId, made.key, { n: 1 });
    const path = `/api/logs?workspaceId=${workspaceId}`;

    const [entry] = await eventually(async () => {
      const { data } = await ben.ok('GET', path);
      expect(data).toHaveLength(1);
      return data;
    });
    const { data } = await ben.ok('GET', `/api/logs/${entry.id}`);

    expect(entry.executionId).toBe(run.executionId);
    expect(data).toMatchObject({
      executionData: { workflowInput: { n: 1 } },
      key: { id: made.id, name: 'laptop', type: 'personal' },
      client: { clientInfo: null },
      requestId: expect.any(String),
    });
    const absent = await eve.send('GET', '/api/logs?workspaceId=no-such-workspace');
    const foreign = await eve.send('GET', path);
    expect([foreign.status, foreign.body]).toEqual([404, absent.body]);
    const foreignRun = await eve.send('GET', `/api/logs/${entry.id}`);
    expect([foreignRun.status, foreignRun.body.error]).toEqual([404, 'Log not found']);
    expect((await getWithKey(platform, path, made.key)).status).toBe(401);
    expect((await ben.send('GET', `${path}&limit=x`)).status).toBe(400);
    await ada.ok('DELETE', `/api/workspaces/${workspaceId}/members/${ben.userId}`);
    expect((await ben.send('GET', path)).status).toBe(404);
  });

  test('what a key may not read looks like what is not there', async () => {
    const ada = await Person.signUp(platform);
    const eve = await Person.signUp(platform, 'Eve');
    const workspaceId = await ada.workspace();
    const workflowId = await ada.workflow(workspaceId);
    const own = await ada.personalKey();
    const foreignPersonal = await eve.personalKey();
    const foreignWorkspace = await eve.workspaceKey(await eve.workspace());
    const { body: run } = await execute(platform, workflowId, own.key);
    const entry = await eventually(async () => {
      const { body } = await getWithKey(platform, `/api/v1/logs?workspaceId=${workspaceId}`, own.key);
      expect(body.data).toHaveLength(1);
      return body.data[0];
    });

    for (const { key } of [foreignPersonal, foreignWorkspace]) {
      const denied = await getWithKey(platform, `/api/v1/logs/${entry.id}`, key);
      const absent = await getWithKey(platform, `/api/v1/logs/no-such-entry`, key);
      expect(denied.status).toBe(404);
      expect(denied.body).toEqual(absent.body);
      const execution = await getWithKey(platform, `/api/v1/logs/executions/${run.executionId}`, key);
      expect(execution.body.error).toBe('Workflow execution not found');
    }
    const personal = await getWithKey(platform, `/api/v1/logs?workspaceId=${workspaceId}`, foreignPersonal.key);
    expect([personal.status, personal.body.error]).toEqual([403, 'Access denied']);
    const scope = await getWithKey(platform, `/api/v1/logs?workspaceId=${workspaceId}`, foreignWorkspace.key);
    expect([scope.status, scope.body.error]).toEqual([403, 'API key is not authorized for this workspace']);
  });
});
