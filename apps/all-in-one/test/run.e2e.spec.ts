import { call, execute, getWithKey, Person } from './person.js';
import { RunningPlatform } from './running-platform.js';

describe('running a workflow', () => {
  let platform: RunningPlatform;
  beforeAll(async () => void (platform = await RunningPlatform.start()));
  afterAll(() => platform.dispose());

  test.each(['personal', 'workspace'])(
    'with a %s key: the deployed snapshot runs, the draft does not',
    async (kind) => {
      const ada = await Person.signUp(platform);
      const workspaceId = await ada.workspace();
      const workflowId = await ada.workflow(workspaceId, '{ "sum": a + b }');
      const { key } = kind === 'personal' ? await ada.personalKey() : await ada.workspaceKey(workspaceId);

      const first = await execute(platform, workflowId, key, { a: 2, b: 40 });
      await ada.ok('PUT', `/api/workflows/${workflowId}`, { runner: { kind: 'expression', expression: '"changed"' } });
      const second = await execute(platform, workflowId, key, { a: 1, b: 1 });
      const status = await getWithKey(platform, `/api/workflows/${workflowId}/status`, key);

      expect(first.status).toBe(200);
      expect(first.body).toMatchObject({ success: true, output: { sum: 42 }, executionId: expect.any(String) });
      expect(first.body.metadata).toMatchObject({ duration: expect.any(Number), startTime: expect.any(String) });
      expect(first.headers.get('x-request-id')).toBeTruthy();
      expect(first.headers.get('x-ratelimit-reset')).toMatch(/^\d{10}$/);
      expect(second.body.output).toEqual({ sum: 2 });
      expect(status.body).toEqual({
        isDeployed: true,
        deployedAt: expect.any(String),
        needsRedeployment: true,
      });
    },
  );

  test('a run that fails in band is 200 with success false; an endless expression ends and harms nobody', async () => {
    const ada = await Person.signUp(platform);
    const workspaceId = await ada.workspace();
    const endless = await ada.workflow(workspaceId, '($f := function($n){ $f($n + 1) }; $f(0))', 'Endless');
    const echo = await ada.workflow(workspaceId, '$merge([$, {"seen": $count($keys($))}])', 'Neighbour');
    const { key } = await ada.personalKey();

    const lost = execute(platform, endless, key);
    const neighbours = await Promise.all(Array.from({ length: 9 }, (_, n) => execute(platform, echo, key, { n })));
    const failed = await lost;

    expect(failed.status).toBe(200);
    expect(failed.body).toMatchObject({ success: false, error: expect.any(String) });
    neighbours.forEach((answer, n) => expect(answer.body).toMatchObject({ success: true, output: { n, seen: 1 } }));
  });

  test('an undeployed workflow is refused and leaves neither a log nor a charge', async () => {
    const ada = await Person.signUp(platform);
    const workspaceId = await ada.workspace();
    const workflowId = await ada.workflow(workspaceId);
    const { key } = await ada.personalKey();
    await ada.ok('DELETE', `/api/workflows/${workflowId}/deploy`);

    const refused = await execute(platform, workflowId, key);

    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({ error: 'Workflow is not deployed', code: 'WORKFLOW_NOT_DEPLOYED' });
    const { body } = await getWithKey(platform, `/api/v1/logs?workspaceId=${workspaceId}`, key);
    expect(body.data).toEqual([]);
  });

  test('a run id is used once', async () => {
    const ada = await Person.signUp(platform);
    const workflowId = await ada.workflow(await ada.workspace());
    const { key } = await ada.personalKey();
    const headers = { 'x-execution-id': 'order-4711' };

    const first = await execute(platform, workflowId, key, {}, headers);
    const second = await execute(platform, workflowId, key, {}, headers);

    expect(first.body.executionId).toBe('order-4711');
    expect(second.status).toBe(409);
    expect(second.body).toMatchObject({
      error: 'Execution ID has already been used',
      code: 'EXECUTION_ID_CONFLICT',
      executionId: 'order-4711',
    });
  });

  test('bad bodies get the contract answer, never a 500', async () => {
    const ada = await Person.signUp(platform);
    const workflowId = await ada.workflow(await ada.workspace());
    const { key } = await ada.personalKey();
    const url = `${platform.url}/api/workflows/${workflowId}/execute`;
    const send = (body: string | Buffer, type = 'application/json') =>
      fetch(url, { method: 'POST', body, headers: { 'content-type': type, 'x-api-key': key } });

    expect(await (await send('{"a":')).json()).toMatchObject({ error: 'Invalid JSON in request body' });
    expect((await send('[1]')).status).toBe(400);
    expect((await send('"text"')).status).toBe(400);
    expect((await send('a=b', 'application/x-www-form-urlencoded')).status).toBe(415);
    expect((await send('')).status).toBe(200);
    const huge = await send(Buffer.alloc(10 * 1024 * 1024 + 1, ' '));
    expect(huge.status).toBe(413);
    expect(await huge.json()).toMatchObject({ error: 'Workflow execution request body exceeds maximum size' });
  });

  test('unknown, mistyped, empty, giant and non-ASCII keys are refused alike, before anything is told', async () => {
    const ada = await Person.signUp(platform);
    const workflowId = await ada.workflow(await ada.workspace());
    const { key } = await ada.personalKey();
    const mistyped = `${key.slice(0, -1)}${key.endsWith('x') ? 'y' : 'x'}`;
    const at = (id: string, value: string) =>
      call(`${platform.url}/api/workflows/${id}/execute`, 'POST', {}, { 'x-api-key': value });

    const answers = [
      await at(workflowId, mistyped),
      await at('no-such-workflow', mistyped),
      await at(workflowId, 'x'.repeat(10_000)),
      await at(workflowId, 'sk-sim-\u00e4\u00f6\u00fc'),
    ];

    for (const { status, body } of answers) {
      expect(status).toBe(401);
      expect(body).toEqual({ error: 'Invalid API key', code: 'UNAUTHORIZED' });
    }
    expect((await at(workflowId, '')).body).toEqual({ error: 'Unauthorized', code: 'UNAUTHORIZED' });
  });
});
