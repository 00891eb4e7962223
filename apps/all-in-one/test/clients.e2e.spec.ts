import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eventually } from '@tollgate/testing';
import { SimStudioClient, SimStudioError } from 'simstudio-ts-sdk';
import { Person } from './person.js';
import { RunningPlatform } from './running-platform.js';

const run = promisify(execFile);

describe('real clients, unmodified', () => {
  let platform: RunningPlatform;
  let workflowId: string;
  let key: string;
  beforeAll(async () => {
    platform = await RunningPlatform.start();
    const ada = await Person.signUp(platform);
    workflowId = await ada.workflow(await ada.workspace(), '{ "greeting": "Hello, " & name }', 'Greeting');
    ({ key } = await ada.personalKey());
  });
  afterAll(() => platform.dispose());

  describe('simstudio-ts-sdk 0.1.2', () => {
    const clientWith = (apiKey: string) => new SimStudioClient({ apiKey, baseUrl: platform.url });

    test('executes, and reads status, usage limits and rate limits', async () => {
      const client = clientWith(key);

      const result = await client.executeWorkflow(workflowId, { name: 'Ada' });
      const status = await client.getWorkflowStatus(workflowId);
      const limits = await client.getUsageLimits();

      expect(result).toMatchObject({ success: true, output: { greeting: 'Hello, Ada' } });
      expect(status).toMatchObject({ isDeployed: true, needsRedeployment: false });
      expect(await client.validateWorkflow(workflowId)).toBe(true);
      expect(limits).toMatchObject({
        success: true,
        rateLimit: { sync: { isLimited: false, limit: expect.any(Number) }, authType: 'api' },
        usage: { limit: 5, plan: 'free' },
      });
      const rate = client.getRateLimitInfo();
      expect(rate).toMatchObject({ limit: 100, remaining: expect.any(Number) });
      expect(rate?.reset).toBeGreaterThan(Date.now() / 1000 - 60);
    });

    test('queues a run and follows its job to the end', async () => {
      const client = clientWith(key);

      const queued = (await client.executeWorkflow(workflowId, { name: 'Ada' }, { async: true })) as { taskId: string };
      expect(queued).toMatchObject({ success: true, taskId: expect.any(String), status: 'queued' });
      expect(queued).toMatchObject({ links: { status: `${platform.url}/api/jobs/${queued.taskId}` } });
      const done = await eventually(async () => {
        const job = (await client.getJobStatus(queued.taskId)) as { status: string };
        expect(job.status).toBe('completed');
        return job;
      });
      expect(done).toMatchObject({ success: true, taskId: queued.taskId, output: { greeting: 'Hello, Ada' } });
      const unknown = await client.getJobStatus('unknown').catch((error: unknown) => error);
      expect(unknown).toMatchObject({ message: 'Task not found', code: 'TASK_NOT_FOUND', status: 404 });
    });

    test('gets an error with a text and a code for a bad key and an unknown workflow', async () => {
      const refused = await clientWith(`sk-sim-${'x'.repeat(32)}`)
        .executeWorkflow(workflowId, {})
        .catch((error: unknown) => error);
      const unknown = await clientWith(key)
        .executeWorkflow('no-such-workflow', {})
        .catch((error: unknown) => error);

      expect(refused).toBeInstanceOf(SimStudioError);
      expect(refused).toMatchObject({ message: 'Invalid API key', code: 'UNAUTHORIZED', status: 401 });
      expect(unknown).toMatchObject({ message: 'Workflow not found', code: 'NOT_FOUND', status: 404 });
      expect(await clientWith(key).validateWorkflow('no-such-workflow')).toBe(false);
    });
  });

  describe('the snippets of the authentication page', () => {
    test('curl', async () => {
      const { stdout } = await run('curl', [
        ...['-sS', '-X', 'POST', `${platform.url}/api/workflows/${workflowId}/execute`],
        ...['-H', 'Content-Type: application/json', '-H', `X-API-Key: ${key}`, '-d', '{"inputs": {}}'],
      ]);

      expect(JSON.parse(stdout)).toMatchObject({ success: true, executionId: expect.any(String) });
    });

    test('fetch', async () => {
      const response = await fetch(`${platform.url}/api/workflows/${workflowId}/execute`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'X-API-Key': key,
        },
        body: JSON.stringify({ inputs: {} }),
      });

      expect(await response.json()).toMatchObject({ success: true });
    });

    test('Python', async () => {
      const program = [
        'import json, os, urllib.request',
        'request = urllib.request.Request(',
        '    os.environ["BASE_URL"] + "/api/workflows/" + os.environ["WORKFLOW_ID"] + "/execute",',
        '    data=json.dumps({"inputs": {}}).encode(),',
        '    headers={"Content-Type": "application/json", "X-API-Key": os.environ["SIM_API_KEY"]},',
        '    method="POST",',
        ')',
        'print(urllib.request.urlopen(request).read().decode())',
      ].join('\n');

      const { stdout } = await run('python3', ['-c', program], {
        env: { PATH: process.env.PATH, BASE_URL: platform.url, WORKFLOW_ID: workflowId, SIM_API_KEY: key },
      });

      expect(JSON.parse(stdout)).toMatchObject({ success: true });
    });
  });
});
