import { eventually } from '@tollgate/testing';
import { execute, Person } from './person.js';
import { RunningPlatform } from './running-platform.js';

describe('issuing keys', () => {
  let platform: RunningPlatform;
  beforeAll(async () => void (platform = await RunningPlatform.start()));
  afterAll(() => platform.dispose());

  test('a personal key is shown once, in the contract form, and works on the very next request', async () => {
    const ada = await Person.signUp(platform);
    const workspaceId = await ada.workspace();
    const workflowId = await ada.workflow(workspaceId);

    const { key } = await ada.ok('POST', '/api/users/me/api-keys', { name: 'laptop' });
    const run = await execute(platform, workflowId, key.key, { hello: 'world' });

    expect(key.key).toMatch(/^sk-sim-[A-Za-z0-9]{32}$/);
    expect(Object.keys(key).sort()).toEqual(['createdAt', 'id', 'key', 'name']);
    expect(run.status).toBe(200);
    const { keys } = await ada.ok('GET', '/api/users/me/api-keys');
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatchObject({ id: key.id, name: 'laptop', displayKey: `sk-sim-...${key.key.slice(-4)}` });
    expect(JSON.stringify(keys)).not.toContain(key.key);
  });

  test('a workspace key is made by an admin, shared with the members, and works on the very next request', async () => {
    const ada = await Person.signUp(platform);
    const ben = await Person.signUp(platform, 'Ben');
    const workspaceId = await ada.workspace();
    const workflowId = await ada.workflow(workspaceId);
    await ada.join(workspaceId, ben, 'read');

    const made = await ada.workspaceKey(workspaceId, 'production');
    const run = await execute(platform, workflowId, made.key);
    const refused = await ben.send('POST', `/api/workspaces/${workspaceId}/api-keys`, { name: 'mine' });

    expect(run.status).toBe(200);
    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({ error: 'Forbidden', code: 'FORBIDDEN' });
    const { keys } = await ben.ok('GET', `/api/workspaces/${workspaceId}/api-keys`);
    expect(keys.map((key: { name: string }) => key.name)).toEqual(['production']);
  });

  test('of 50 creates of one name at the same time exactly one succeeds', async () => {
    const ada = await Person.signUp(platform);

    const answers = await Promise.all(
      Array.from({ length: 50 }, () => ada.send('POST', '/api/users/me/api-keys', { name: 'contested' })),
    );

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status === 409);
    expect(refused).toHaveLength(49);
    expect(refused[0]?.body.error).toBe(
      'A personal API key named "contested" already exists. Please choose a different name.',
    );
  });

  test('a key that has expired is refused like any unknown one', async () => {
    const ada = await Person.signUp(platform);
    const workflowId = await ada.workflow(await ada.workspace());
    const expiresAt = new Date(Date.now() + 1_200).toISOString();
    const { key } = await ada.ok('POST', '/api/users/me/api-keys', { name: 'short', expiresAt });

    expect((await execute(platform, workflowId, key.key)).status).toBe(200);
    const refused = await eventually(async () => {
      const answer = await execute(platform, workflowId, key.key);
      expect(answer.status).toBe(401);
      return answer;
    });
    const unknown = await execute(platform, workflowId, `sk-sim-${'a'.repeat(32)}`);
    expect(refused.body).toEqual(unknown.body);
  });
});
