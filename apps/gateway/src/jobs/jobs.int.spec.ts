import type { Answer, GatewayUnderTest } from '../../test/gateway-under-test.js';
import { ASYNC, QueuedRuns } from '../../test/queued-runs.js';
import { CancelRun } from './cancel-run.js';
import { JobRecovery } from './job-recovery.js';

describe('queued runs', () => {
  let runs: QueuedRuns;
  let gateway: GatewayUnderTest;
  let slow: string;
  let echo: string;
  let key: string;
  beforeAll(async () => {
    runs = await QueuedRuns.start();
    ({ gateway, slow, echo, key } = runs);
  });
  afterAll(() => runs.stop());
  afterEach(() => runs.hangUp());

  test('are answered with the union of both generations’ shapes, and told to be done with their output', async () => {
    const answer = await gateway.execute(echo, key, { message: 'later' }, ASYNC);

    expect(answer.status).toBe(202);
    const { jobId, executionId } = answer.json;
    const statusUrl = expect.stringMatching(new RegExp(`^http://.*/api/jobs/${jobId}$`));
    expect(answer.json).toEqual({
      success: true,
      async: true,
      jobId,
      executionId: expect.stringMatching(/^tgr_/),
      message: 'Workflow execution queued',
      statusUrl,
      taskId: jobId,
      status: 'queued',
      createdAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
      links: { status: statusUrl },
    });
    expect(answer.headers.get('x-ratelimit-remaining')).toMatch(/^\d+$/);
    const done = await runs.ended(answer, 'completed');
    expect(done).toEqual({
      success: true,
      taskId: jobId,
      status: 'completed',
      metadata: {
        workflowId: echo,
        workspaceId: 'ws1',
        userId: 'anna',
        correlation: {
          executionId,
          requestId: answer.headers.get('x-request-id'),
          source: 'workflow',
          workflowId: echo,
          triggerType: 'api',
        },
        createdAt: answer.json.createdAt,
        startedAt: expect.any(String),
        completedAt: expect.any(String),
        duration: expect.any(Number),
      },
      output: { message: 'later' },
    });
    const [billed, finished] = await runs.eventsOf(executionId);
    expect(billed).toMatchObject({ payerUserId: 'anna', baseMicros: 5_000, admittedAt: answer.json.createdAt });
    expect(finished).toMatchObject({ status: 'completed', input: { message: 'later' }, trigger: 'api' });
  });

  test('wait their turn, hold no place meanwhile, and are seen as pending, processing and completed', async () => {
    const answers = [];
    for (let n = 0; n < 5; n++) answers.push(await gateway.execute(slow, key, { n }, ASYNC));
    await runs.upstreamHas(4);

    const states = await Promise.all(answers.map(async (answer) => (await runs.job(answer)).json.status));
    expect(states.sort()).toEqual(['pending', 'processing', 'processing', 'processing', 'processing']);

    for (const { response } of runs.waiting.splice(0)) response.setHeader('content-type', 'application/json').end('7');
    await runs.upstreamHas(1);
    runs.waiting.splice(0).forEach(({ response }) => response.setHeader('content-type', 'application/json').end('7'));
    for (const answer of answers) expect((await runs.ended(answer, 'completed')).output).toBe(7);
    for (const answer of answers) await runs.eventsOf(answer.json.executionId);
  });

  test('fail in band with the reason, and are billed like any other', async () => {
    const broken = await gateway.deployed('anna', 'ws1', '$error("no such order")');
    const answer = await gateway.execute(broken, key, {}, ASYNC);
    expect(await runs.ended(answer, 'failed')).toMatchObject({
      success: true,
      error: expect.stringContaining('no such order'),
    });
    await runs.eventsOf(answer.json.executionId);
  });

  test('end at the time limit that was asked for', async () => {
    const answer = await gateway.execute(slow, key, {}, { ...ASYNC, 'x-execution-timeout-seconds': '1' });
    expect(await runs.ended(answer, 'failed')).toMatchObject({ error: 'Execution timed out after 1 second' });
    expect((await runs.eventsOf(answer.json.executionId))[1]).toMatchObject({
      status: 'failed',
      error: { code: 'TIMEOUT' },
    });
  });

  test('keep payer, price and workflow as they were admitted, and run although the key is revoked meanwhile', async () => {
    const temporary = await gateway.key({ ownerId: 'anna' });
    const changing = await gateway.deployed('anna', 'ws1', { kind: 'http', url: runs.upstreamUrl });
    const blockers = await Promise.all([1, 2, 3, 4].map(() => gateway.execute(slow, key, {}, ASYNC)));
    await runs.upstreamHas(4);
    const answer = await gateway.execute(changing, temporary, { n: 1 }, ASYNC);
    await gateway.revoke(temporary);
    await gateway.happened('PricePlanChanged', {
      priceId: 'dear',
      from: new Date(Date.now() - 1_000).toISOString(),
      basePerRunMicros: 9_000,
    });
    await gateway.as('anna')('DELETE', `/api/workflows/${changing}/deploy`);

    runs.waiting.splice(0).forEach(({ response }) => response.end());
    await runs.upstreamHas(1);
    runs.answerAll('ok');

    expect((await runs.ended(answer, 'completed')).output).toBe('ok');
    expect((await runs.eventsOf(answer.json.executionId))[0]).toMatchObject({ payerUserId: 'anna', baseMicros: 5_000 });
    for (const blocker of blockers) await runs.ended(blocker, 'completed');
  });

  test('are read by who may read their workflow, and by nobody else', async () => {
    const answer = await gateway.execute(echo, key, {}, ASYNC);
    const refusal = async (by: string | undefined, id = answer.json.jobId) => {
      const { status, json } = await gateway.send(
        'GET',
        `/api/jobs/${id}`,
        by === undefined ? {} : { 'x-api-key': by },
      );
      return [status, json];
    };
    const notFound = [404, { error: 'Task not found', code: 'TASK_NOT_FOUND' }];

    expect(await refusal(undefined)).toEqual([
      401,
      { error: 'Authentication required', code: 'AUTHENTICATION_REQUIRED' },
    ]);
    expect(await refusal('sk-sim-wrong')).toEqual([401, { error: 'Invalid API key', code: 'INVALID_API_KEY' }]);
    expect(await refusal(await gateway.key({ ownerId: 'mallory' }))).toEqual([
      403,
      { error: 'Access denied', code: 'ACCESS_DENIED' },
    ]);
    expect(await refusal(await gateway.key({ workspaceId: 'ws2' }))).toEqual([
      403,
      {
        error: 'API key is not authorized for this workspace',
        code: 'API_KEY_IS_NOT_AUTHORIZED_FOR_THIS_WORKSPACE',
      },
    ]);
    expect((await runs.job(answer, await gateway.key({ workspaceId: 'ws1' }))).status).toBe(200);
    expect(await refusal(key, 'unknown')).toEqual(notFound);
    expect(await refusal(key, '00000000-0000-4000-8000-000000000000')).toEqual(notFound);
    await gateway.happened('PersonalKeysDisallowed', { workspaceId: 'ws1' });
    expect((await refusal(key))[0]).toBe(403);
    await gateway.happened('PersonalKeysAllowed', { workspaceId: 'ws1' });
  });

  test('whose id the caller chose start once, also while they wait', async () => {
    const headers = { ...ASYNC, 'x-execution-id': 'my-own-id' };
    expect((await gateway.execute(echo, key, {}, headers)).json.executionId).toBe('my-own-id');
    expect((await gateway.execute(echo, key, {}, headers)).json.code).toBe('EXECUTION_ID_CONFLICT');
    await gateway.restart();
    expect((await gateway.execute(echo, key, {}, headers)).json.code).toBe('EXECUTION_ID_CONFLICT');
  });

  test('are cancelled: a waiting one is logged and not billed, a running one is billed as started', async () => {
    const running = [];
    for (let n = 0; n < 4; n++) running.push(await gateway.execute(slow, key, { n }, ASYNC));
    await runs.upstreamHas(4);
    const queued = await gateway.execute(slow, key, { n: 'queued' }, ASYNC);
    const cancel = (answer: Answer) => gateway.running.app.get(CancelRun).cancel(slow, answer.json.executionId);

    expect(await cancel(queued)).toBe('cancelled');
    expect(await cancel(running[0]!)).toBe('cancelling');

    await runs.ended(queued, 'cancelled');
    expect(await runs.eventsOf(queued.json.executionId, ['RunFinished'])).toMatchObject([
      { billable: false, status: 'cancelled', costMicros: 0, input: { n: 'queued' } },
    ]);
    await runs.ended(running[0]!, 'cancelled');
    expect((await runs.eventsOf(running[0]!.json.executionId))[1]).toMatchObject({
      status: 'cancelled',
      costMicros: 9_000,
    });
    expect(await cancel(queued)).toBe('ended');
    expect(await gateway.running.app.get(CancelRun).cancel(echo, running[1]!.json.executionId)).toBe('unknown');
    runs.waiting.splice(0).forEach(({ response }) => response.end());
    for (const answer of running.slice(1)) await runs.ended(answer, 'completed');
  });

  test('are forgotten a day after their end, and not before', async () => {
    const answer = await gateway.execute(echo, key, {}, ASYNC);
    await runs.ended(answer, 'completed');
    const recovery = gateway.running.app.get(JobRecovery);
    const age = (interval: string) =>
      gateway.database.pool.query(`UPDATE gateway.jobs SET ended_at = now() - $2::interval WHERE id = $1`, [
        answer.json.jobId,
        interval,
      ]);
    await age('23 hours');
    await recovery.sweep();
    expect((await runs.job(answer)).status).toBe(200);
    await age('25 hours');
    await recovery.sweep();
    expect((await runs.job(answer)).json).toEqual({ error: 'Task not found', code: 'TASK_NOT_FOUND' });
  });
});
