import { eventually } from '@tollgate/testing';
import { SimStudioClient, SimStudioError } from 'simstudio-ts-sdk';
import { ClientWorld, FAULT_TEXT } from './client-world.js';
import { HeldUpstream } from './held-upstream.js';
import { asMessage, V1_RUN_REFUSALS } from './v1-refusals.js';

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );

describe('simstudio-ts-sdk 0.1.2, unmodified', () => {
  let world: ClientWorld;
  beforeAll(async () => {
    world = await ClientWorld.start();
  });
  afterAll(() => world.dispose());
  const clientWith = (apiKey: string) => new SimStudioClient({ apiKey, baseUrl: `${world.url}/` });

  test.each(['personal', 'workspace'] as const)('a %s key runs a workflow', async (kind) => {
    const client = clientWith(world.keys[kind]);
    const { greeting } = world.workflows;

    const run = await client.executeWorkflowSync(greeting, { name: 'Ada' });

    expect(run).toMatchObject({ success: true, output: { greeting: 'Hello, Ada' }, metadata: expect.any(Object) });
    expect(await client.executeWorkflow(greeting, { name: 'Ada' })).toMatchObject({ output: run.output });
    expect(await client.executeWithRetry(greeting, { name: 'Ada' })).toMatchObject({ output: run.output });
  });

  test('text, lists, files and nothing at all arrive as the SDK sends them', async () => {
    const client = clientWith(world.keys.personal);
    const echo = async (input?: unknown) => (await client.executeWorkflowSync(world.workflows.echo, input)).output;

    expect(await echo('hello')).toEqual({ input: 'hello' });
    expect(await echo([1, 2])).toEqual({ input: [1, 2] });
    expect(await echo()).toEqual({});
    expect(await echo({ file: new File(['words'], 'note.txt', { type: 'text/plain' }) })).toEqual({
      file: { type: 'file', data: 'data:text/plain;base64,d29yZHM=', name: 'note.txt', mime: 'text/plain' },
    });
  });

  test('a run that fails comes back as a result, with its reason', async () => {
    const run = await clientWith(world.keys.personal).executeWorkflow(world.workflows.failing);

    expect(run).toMatchObject({ success: false, error: expect.stringContaining(FAULT_TEXT) });
  });

  test.each(V1_RUN_REFUSALS)('$name is refused with text, code and status', async ({ by, message, code, status }) => {
    const { key, workflowId } = await by(world);

    const error = await caught(clientWith(key).executeWorkflow(workflowId, {}));

    expect(error).toBeInstanceOf(SimStudioError);
    expect(error).toMatchObject({ message: asMessage(message), code, status });
  });

  test('a rate limit tells when to come back, and retrying gives up with the same error', async () => {
    const { key, workflowId } = await world.hasty();
    const client = clientWith(key.key);

    const error = await caught(client.executeWithRetry(workflowId, {}, {}, { maxRetries: 0 }));

    expect(error).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', status: 429 });
    const rate = client.getRateLimitInfo();
    expect(rate).toMatchObject({ limit: 100, remaining: 0 });
    expect(rate?.retryAfter).toBeGreaterThan(0);
    expect(rate?.retryAfter).toBeLessThanOrEqual(60_000);
  });

  test('a body that is too large is refused, and the client is told so', async () => {
    const error = await caught(
      clientWith(world.keys.personal).executeWorkflow(world.workflows.echo, { text: 'x'.repeat(11 * 1024 * 1024) }),
    );

    expect(error).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', status: 413 });
  });

  test('a stream, which it cannot read, is an error and no half of an answer', async () => {
    const streamed = clientWith(world.keys.personal).executeWorkflow(world.workflows.echo, {}, { stream: true });

    expect(await caught(streamed)).toMatchObject({ code: 'EXECUTION_ERROR' });
  });

  test('the address can be changed', async () => {
    const client = new SimStudioClient({ apiKey: world.keys.personal, baseUrl: 'http://127.0.0.1:1' });
    expect(await caught(client.executeWorkflow(world.workflows.greeting))).toMatchObject({ code: 'EXECUTION_ERROR' });

    client.setBaseUrl(`${world.url}//`);

    expect(await client.executeWorkflow(world.workflows.greeting)).toMatchObject({ success: true });
  });

  test('personal keys that are switched off are refused on the status, too', async () => {
    const { key, workflowId } = await world.behindClosedDoor();
    const client = clientWith(key.key);

    expect(await caught(client.getWorkflowStatus(workflowId))).toMatchObject({
      message: 'Personal API keys are not allowed for this workspace',
      status: 403,
    });
    expect(await client.validateWorkflow(workflowId)).toBe(false);
  });

  test('a client that has waited long enough gives up by itself', async () => {
    const upstream = await HeldUpstream.listen();
    const workflowId = await world.workflowAt(upstream.url);
    const client = clientWith(world.keys.personal);

    const error = await caught(client.executeWorkflow(workflowId, {}, { timeout: 50 }));

    expect(error).toMatchObject({ code: 'TIMEOUT', message: 'Workflow execution timed out after 50ms' });
    upstream.close();
  });

  test('status says what is deployed, and validate never throws', async () => {
    const client = clientWith(world.keys.workspace);

    expect(await client.getWorkflowStatus(world.workflows.greeting)).toEqual({
      isDeployed: true,
      deployedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      needsRedeployment: false,
    });
    expect(await client.validateWorkflow(world.workflows.greeting)).toBe(true);
    expect(await client.validateWorkflow(world.workflows.draft)).toBe(false);
    expect(await client.validateWorkflow('no-such-workflow')).toBe(false);
    client.setApiKey(world.badKey);
    expect(await client.validateWorkflow(world.workflows.greeting)).toBe(false);
    expect(await caught(client.getWorkflowStatus(world.workflows.greeting))).toMatchObject({
      message: 'Unauthorized',
      code: 'UNAUTHORIZED',
      status: 401,
    });
    client.setApiKey(world.keys.foreign);
    expect(await caught(client.getWorkflowStatus(world.workflows.greeting))).toMatchObject({
      message: 'Workflow not found',
      code: 'WORKFLOW_NOT_FOUND',
      status: 404,
    });
  });

  test('usage limits have the members of the SDK’s own type', async () => {
    const client = clientWith(world.keys.personal);

    const limits = await client.getUsageLimits();

    const bucket = { isLimited: false, limit: expect.any(Number), remaining: expect.any(Number) };
    expect(limits).toMatchObject({
      success: true,
      rateLimit: {
        sync: { ...bucket, resetAt: expect.any(String) },
        async: { ...bucket, resetAt: expect.any(String) },
        authType: 'api',
      },
      usage: { currentPeriodCost: expect.any(Number), limit: 5, plan: 'free' },
    });
    expect(await caught(clientWith(world.badKey).getUsageLimits())).toMatchObject({ status: 401 });
  });

  test('rate limits are read from integer headers', async () => {
    const client = clientWith(world.keys.personal);
    expect(client.getRateLimitInfo()).toBeNull();

    await client.executeWorkflow(world.workflows.greeting);

    const rate = client.getRateLimitInfo();
    expect(rate).toMatchObject({ limit: 100, remaining: expect.any(Number) });
    // Epoch seconds, within the minute after now.
    expect(Math.abs((rate?.reset ?? 0) - Date.now() / 1000)).toBeLessThan(120);
  });

  test('an asynchronous run is queued, and its job tells how it ends', async () => {
    const client = clientWith(world.keys.personal);
    const { greeting, failing } = world.workflows;

    const queued = await client.executeWorkflow(greeting, { name: 'Ada' }, { async: true });
    const doomed = await client.executeWorkflow(failing, {}, { async: true });

    expect(queued).toMatchObject({
      success: true,
      taskId: expect.any(String),
      status: 'queued',
      createdAt: expect.stringMatching(/Z$/),
      links: { status: expect.stringMatching(/\/api\/jobs\//) },
    });
    const ended = (run: typeof queued) =>
      eventually(async () => {
        const job = await client.getJobStatus((run as { taskId: string }).taskId);
        expect(['completed', 'failed']).toContain(job.status);
        return job;
      });
    expect(await ended(queued)).toMatchObject({ status: 'completed', output: { greeting: 'Hello, Ada' } });
    expect(await ended(doomed)).toMatchObject({ status: 'failed', error: expect.stringContaining(FAULT_TEXT) });
  });

  test('a job that is not there, and one of another workspace, are errors', async () => {
    const queued = await clientWith(world.keys.workspace).executeWorkflow(world.workflows.echo, {}, { async: true });
    const { taskId } = queued as { taskId: string };

    expect(await caught(clientWith(world.keys.personal).getJobStatus('no-such-job'))).toMatchObject({
      message: 'Task not found',
      code: 'TASK_NOT_FOUND',
      status: 404,
    });
    expect(await caught(clientWith(world.keys.foreign).getJobStatus(taskId))).toMatchObject({
      message: 'API key is not authorized for this workspace',
      status: 403,
    });
    expect(await caught(clientWith(world.badKey).getJobStatus(taskId))).toMatchObject({
      message: 'Invalid API key',
      code: 'INVALID_API_KEY',
      status: 401,
    });
  });
});
