import { eventually } from '@tollgate/testing';
import { call } from '../person.js';
import { ClientWorld, FAULT_TEXT } from './client-world.js';
import { callSdk, type SdkCall } from './python-sdk.js';

const TIMEOUT_MS = 60_000;

describe('simstudio-sdk 0.2.1 for Python, unmodified', () => {
  let world: ClientWorld;
  beforeAll(async () => {
    world = await ClientWorld.start();
  }, TIMEOUT_MS);
  afterAll(() => world.dispose());
  const calls = (...list: SdkCall[]) => callSdk('0.2.1', world.url, list);
  const run = (key: string, workflowId: string, input: unknown = {}, kwargs?: SdkCall['kwargs']): SdkCall => ({
    key,
    method: 'execute_workflow',
    args: [workflowId, input],
    ...(kwargs && { kwargs }),
  });
  const refused = (message: unknown, code: string, status: number) => ({
    raised: 'SimStudioError',
    message,
    code,
    status,
  });

  test('keys of both kinds run a workflow', async () => {
    const { greeting } = world.workflows;
    const results = await calls(
      run(world.keys.personal, greeting, { name: 'Ada' }),
      run(world.keys.workspace, greeting, { name: 'Ada' }),
      { key: world.keys.personal, method: 'execute_workflow_sync', args: [greeting, { name: 'Ada' }] },
      { key: world.keys.personal, method: 'execute_with_retry', args: [greeting, { name: 'Ada' }] },
    );

    for (const result of results) {
      expect(result).toMatchObject({
        ok: {
          class: 'WorkflowExecutionResult',
          success: true,
          status: 'completed',
          output: { greeting: 'Hello, Ada' },
          error: null,
          metadata: { runId: expect.any(String), startTime: expect.any(String), endTime: expect.any(String) },
        },
      });
    }
  });

  test('text, files and nothing at all arrive as the SDK sends them', async () => {
    const { echo } = world.workflows;
    const key = world.keys.personal;
    const [text, file, none] = await calls(
      run(key, echo, 'hello'),
      run(key, echo, { file: { $file: 'words', name: 'note.txt' } }),
      { key, method: 'execute_workflow', args: [echo] },
    );

    expect(text).toMatchObject({ ok: { output: { input: 'hello' } } });
    expect(file).toMatchObject({ ok: { output: { file: { type: 'file', name: 'note.txt' } } } });
    expect(none).toMatchObject({ ok: { output: {} } });
  });

  test('a run that fails comes back as a result, with its reason', async () => {
    const [failed] = await calls(run(world.keys.personal, world.workflows.failing));

    expect(failed).toMatchObject({
      ok: { success: false, status: 'failed', error: expect.stringContaining(FAULT_TEXT) },
    });
  });

  test('an asynchronous run is queued and can be followed to its end', async () => {
    const { personal, foreign } = world.keys;
    const { greeting, failing } = world.workflows;
    const follow = (key: string, workflowId: string, runId: string, wait?: SdkCall['wait']): SdkCall => ({
      key,
      method: 'get_workflow_run',
      args: [workflowId, runId],
      kwargs: { include_output: true },
      ...(wait && { wait }),
    });
    const ended: SdkCall['wait'] = ['status', ['completed', 'failed']];

    const [queued, doomed, done, failed, unknown, elsewhere] = await calls(
      run(personal, greeting, { name: 'Ada' }, { async_execution: true, execution_timeout_seconds: 60 }),
      run(personal, failing, {}, { async_execution: true }),
      follow(personal, greeting, '$0.run_id', ended),
      follow(personal, failing, '$1.run_id', ended),
      follow(personal, greeting, 'no-such-run'),
      follow(foreign, greeting, '$0.run_id'),
    );

    expect(queued).toMatchObject({
      ok: { class: 'AsyncExecutionResult', success: true, status_url: expect.stringMatching(/\/runs\//) },
    });
    expect(doomed).toMatchObject({ ok: { class: 'AsyncExecutionResult' } });
    expect(done).toMatchObject({ ok: { status: 'completed', output: { greeting: 'Hello, Ada' } } });
    expect(failed).toMatchObject({
      ok: { status: 'failed', error: { message: expect.stringContaining(FAULT_TEXT) } },
    });
    expect(unknown).toEqual(refused('Run not found', 'NOT_FOUND', 404));
    expect(elsewhere).toMatchObject({ raised: 'SimStudioError', code: 'NOT_FOUND', status: 404 });
  });

  test('refusals raise text, code and status; what may not be seen is not there', async () => {
    const { greeting, draft } = world.workflows;
    const { personal, foreign, outsider } = world.keys;
    const [closed, broke, hasty] = [await world.behindClosedDoor(), await world.broke(), await world.hasty()];

    const results = await calls(
      run(world.badKey, greeting),
      run(foreign, greeting),
      run(outsider, greeting),
      run(personal, 'no-such-workflow'),
      run(personal, draft),
      run(closed.key.key, closed.workflowId),
      run(broke.key.key, broke.workflowId),
      run(hasty.key.key, hasty.workflowId),
    );

    expect(results).toEqual([
      refused('Invalid API key', 'UNAUTHORIZED', 401),
      refused('Workflow not found', 'NOT_FOUND', 404),
      refused('Workflow not found', 'NOT_FOUND', 404),
      refused('Workflow not found', 'NOT_FOUND', 404),
      refused('Workflow is not deployed', 'FORBIDDEN', 403),
      refused('Personal API keys are not allowed for this workspace', 'FORBIDDEN', 403),
      refused(expect.stringMatching(/^Usage limit exceeded/), 'USAGE_LIMIT_EXCEEDED', 402),
      refused(expect.stringMatching(/^Rate limit exceeded/), 'RATE_LIMIT_EXCEEDED', 429),
    ]);
  });

  test('a body that is too large raises so', async () => {
    const [large] = await calls(run(world.keys.personal, world.workflows.echo, { text: 'x'.repeat(11 * 1024 * 1024) }));

    expect(large).toMatchObject({ raised: 'SimStudioError', code: 'PAYLOAD_TOO_LARGE', status: 413 });
  });

  test('status, jobs and usage limits are asked on v1, whose errors it reads too', async () => {
    const { personal } = world.keys;
    const { greeting } = world.workflows;
    const status = (key: string): SdkCall => ({ key, method: 'get_workflow_status', args: [greeting] });

    const results = await calls(
      status(personal),
      status(world.badKey),
      { key: personal, method: 'validate_workflow', args: [greeting] },
      { key: personal, method: 'get_usage_limits' },
      { key: world.badKey, method: 'get_usage_limits' },
      { key: personal, method: 'get_job_status', args: ['no-such-job'] },
      { key: personal, method: 'get_rate_limit_info' },
    );

    expect(results).toMatchObject([
      { ok: { is_deployed: true, needs_redeployment: false } },
      { raised: 'SimStudioError', status: 401 },
      { ok: true },
      { ok: { class: 'UsageLimits', success: true, usage: { plan: 'free', limit: 5 } } },
      { raised: 'SimStudioError', message: 'Authentication required', status: 401 },
      { raised: 'SimStudioError', code: 'TASK_NOT_FOUND', status: 404 },
      { ok: null },
    ]);
  });

  test('its name and version are in the log', async () => {
    const { key, workflowId, workspaceId } = await world.newcomer('Logan');
    await calls(run(key.key, workflowId, { name: 'log' }));

    await eventually(
      async () => {
        const path = `/api/v1/logs?workspaceId=${workspaceId}`;
        const { body } = await call(`${world.url}${path}`, 'GET', undefined, { 'x-api-key': key.key });
        const { body: detail } = await call(`${world.url}/api/v1/logs/${body.data[0].id}`, 'GET', undefined, {
          'x-api-key': key.key,
        });
        expect(detail.data.client).toEqual({ name: 'sdk-python', version: '0.2.1' });
      },
      { everyMs: 250 },
    );
  });
});
