import { ClientWorld, FAULT_TEXT } from './client-world.js';
import { callSdk, type SdkCall } from './python-sdk.js';
import { asMessage, V1_RUN_REFUSALS } from './v1-refusals.js';

const TIMEOUT_MS = 60_000;

let world: ClientWorld;
beforeAll(async () => {
  world = await ClientWorld.start();
}, TIMEOUT_MS);
afterAll(() => world.dispose());

describe.each(['0.1.0', '0.1.2'] as const)('simstudio-sdk %s for Python, unmodified', (version) => {
  const calls = (...list: SdkCall[]) => callSdk(version, world.url, list);
  const run = (key: string, workflowId: string, ...more: unknown[]): SdkCall => ({
    key,
    method: 'execute_workflow',
    args: [workflowId, ...more],
  });

  test('keys of both kinds run a workflow', async () => {
    const { greeting } = world.workflows;
    const results = await calls(
      run(world.keys.personal, greeting, { name: 'Ada' }),
      run(world.keys.workspace, greeting, { name: 'Ada' }),
      { key: world.keys.personal, method: 'execute_workflow_sync', args: [greeting, { name: 'Ada' }] },
    );

    for (const result of results) {
      expect(result).toMatchObject({
        ok: { class: 'WorkflowExecutionResult', success: true, output: { greeting: 'Hello, Ada' }, error: null },
      });
    }
  });

  test('a run that fails comes back as a result, with its reason', async () => {
    const [failed] = await calls(run(world.keys.personal, world.workflows.failing));

    expect(failed).toMatchObject({ ok: { success: false, error: expect.stringContaining(FAULT_TEXT) } });
  });

  test('every refusal raises text, code and status', async () => {
    const orders: SdkCall[] = [];
    for (const { by } of V1_RUN_REFUSALS) {
      const { key, workflowId } = await by(world);
      orders.push(run(key, workflowId, {}));
    }

    expect(await calls(...orders)).toEqual(
      V1_RUN_REFUSALS.map(({ message, code, status }) => ({
        raised: 'SimStudioError',
        message: asMessage(message),
        code,
        status,
      })),
    );
  });

  test('a body that is too large, or no object, raises what is wrong with it', async () => {
    const { echo } = world.workflows;
    const [large, text] = await calls(
      run(world.keys.personal, echo, { text: 'x'.repeat(11 * 1024 * 1024) }),
      run(world.keys.personal, echo, 'hello'),
    );

    expect(large).toMatchObject({ raised: 'SimStudioError', code: 'PAYLOAD_TOO_LARGE', status: 413 });
    // 0.1.0 sends a text as it is, which is no object; later ones wrap it.
    expect(text).toMatchObject(
      version === '0.1.0'
        ? { raised: 'SimStudioError', code: 'VALIDATION_ERROR', status: 400 }
        : { ok: { success: true, output: { input: 'hello' } } },
    );
  });

  test('status says what is deployed, and validate never raises', async () => {
    const { greeting, draft } = world.workflows;
    const status = (key: string, workflowId: string) => ({ key, method: 'get_workflow_status', args: [workflowId] });
    const validate = (key: string, workflowId: string) => ({ key, method: 'validate_workflow', args: [workflowId] });
    const { personal, foreign } = world.keys;
    const results = await calls(
      status(personal, greeting),
      status(personal, draft),
      status(world.badKey, greeting),
      status(foreign, greeting),
      status(personal, 'no-such-workflow'),
      validate(personal, greeting),
      validate(personal, draft),
      validate(world.badKey, greeting),
    );

    expect(results).toMatchObject([
      { ok: { is_deployed: true, deployed_at: expect.stringMatching(/Z$/), needs_redeployment: false } },
      { ok: { is_deployed: false, deployed_at: null } },
      { raised: 'SimStudioError', message: 'Unauthorized', code: 'UNAUTHORIZED', status: 401 },
      { raised: 'SimStudioError', message: 'Workflow not found', code: 'WORKFLOW_NOT_FOUND', status: 404 },
      { raised: 'SimStudioError', message: 'Workflow not found', code: 'WORKFLOW_NOT_FOUND', status: 404 },
      { ok: true },
      { ok: false },
      { ok: false },
    ]);
  });

  test('the key can be changed, and the session closed', async () => {
    const { personal } = world.keys;
    const results = await calls(
      { key: world.badKey, method: 'set_api_key', args: [personal] },
      run(world.badKey, world.workflows.greeting, {}),
      { key: world.badKey, method: 'set_base_url', args: [`${world.url}/`] },
      run(world.badKey, world.workflows.greeting, {}),
      { key: world.badKey, method: 'close' },
    );

    expect(results).toMatchObject([
      { ok: null },
      { ok: { success: true } },
      { ok: null },
      { ok: { success: true } },
      {},
    ]);
  });
});

describe('what simstudio-sdk 0.1.2 can do beyond 0.1.0', () => {
  test('files arrive as base64, usage and rate limits are read, retrying runs', async () => {
    const { personal } = world.keys;
    const [sent, retried, rate, usage, refused] = await callSdk('0.1.2', world.url, [
      {
        key: personal,
        method: 'execute_workflow',
        args: [world.workflows.echo, { file: { $file: 'words', name: 'note.txt' } }],
      },
      { key: personal, method: 'execute_with_retry', args: [world.workflows.greeting, { name: 'Ada' }] },
      { key: personal, method: 'get_rate_limit_info' },
      { key: personal, method: 'get_usage_limits' },
      { key: world.badKey, method: 'get_usage_limits' },
    ]);

    expect(sent).toMatchObject({ ok: { output: { file: { type: 'file', name: 'note.txt' } } } });
    expect(retried).toMatchObject({ ok: { output: { greeting: 'Hello, Ada' } } });
    expect(rate).toMatchObject({ ok: { class: 'RateLimitInfo', limit: 100, retry_after: null } });
    expect(usage).toMatchObject({
      ok: { class: 'UsageLimits', success: true, usage: { plan: 'free', limit: 5 }, rate_limit: { authType: 'api' } },
    });
    expect(refused).toMatchObject({ raised: 'SimStudioError', message: 'Authentication required', status: 401 });
  });

  test('a rate limit raises its own code and says when to come back', async () => {
    const { key, workflowId } = await world.hasty();

    const [refused, rate] = await callSdk('0.1.2', world.url, [
      { key: key.key, method: 'execute_with_retry', args: [workflowId, {}], kwargs: { max_retries: 0 } },
      { key: key.key, method: 'get_rate_limit_info' },
    ]);

    expect(refused).toMatchObject({ raised: 'SimStudioError', code: 'RATE_LIMIT_EXCEEDED', status: 429 });
    expect(rate).toMatchObject({ ok: { limit: 100, remaining: 0, retry_after: expect.any(Number) } });
  });

  test('an asynchronous run is queued, and its job tells how it ends', async () => {
    const { personal, foreign } = world.keys;
    const asyncRun = (workflowId: string): SdkCall => ({
      key: personal,
      method: 'execute_workflow',
      args: [workflowId, { name: 'Ada' }],
      kwargs: { async_execution: true },
    });
    const job = (key: string, id: string): SdkCall => ({ key, method: 'get_job_status', args: [id] });
    const ended: SdkCall['wait'] = ['status', ['completed', 'failed']];
    const [queued, doomed, done, failed, unknown, elsewhere] = await callSdk('0.1.2', world.url, [
      asyncRun(world.workflows.greeting),
      asyncRun(world.workflows.failing),
      { ...job(personal, '$0.task_id'), wait: ended },
      { ...job(personal, '$1.task_id'), wait: ended },
      job(personal, 'no-such-job'),
      job(foreign, '$0.task_id'),
    ]);

    expect(queued).toMatchObject({
      ok: { class: 'AsyncExecutionResult', success: true, status: 'queued', task_id: expect.any(String) },
    });
    expect(doomed).toMatchObject({ ok: { class: 'AsyncExecutionResult' } });
    expect(done).toMatchObject({ ok: { status: 'completed', output: { greeting: 'Hello, Ada' } } });
    expect(failed).toMatchObject({ ok: { status: 'failed', error: expect.stringContaining(FAULT_TEXT) } });
    expect(unknown).toEqual({
      raised: 'SimStudioError',
      message: 'Task not found',
      code: 'TASK_NOT_FOUND',
      status: 404,
    });
    expect(elsewhere).toMatchObject({ raised: 'SimStudioError', status: 403 });
  });
});
