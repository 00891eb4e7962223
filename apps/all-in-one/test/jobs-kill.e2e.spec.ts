import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@tollgate/testing';
import { execute, getWithKey, operate, Person } from './person.js';
import { RunningPlatform } from './running-platform.js';

const KILLS = 2;
const RUNS_PER_LIFE = 12;
/** The upstream takes so long that some runs are under way, and others wait, when the platform dies. */
const UPSTREAM_MS = 150;

describe(`the platform killed ${KILLS} times while runs wait in its queue and go on`, () => {
  let platform: RunningPlatform;
  let upstream: Server;
  const begun: string[] = [];
  beforeAll(async () => {
    upstream = createServer((request, response) => {
      begun.push(String(request.headers['x-tollgate-run-id']));
      setTimeout(() => response.setHeader('content-type', 'application/json').end('{"done":true}'), UPSTREAM_MS);
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    platform = await RunningPlatform.start({ UPSTREAM_ALLOW: '127.0.0.1', JOB_WORKERS: '4' });
  });
  afterAll(async () => {
    await platform.dispose();
    upstream.closeAllConnections();
    upstream.close();
  });

  test('every run that was answered with 202 ends, and is in the bill once and in the log once', async () => {
    const ada = await Person.signUp(platform);
    const workspaceId = await ada.workspace();
    const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`;
    const runner = { kind: 'http', url };
    const { workflow } = await ada.ok('POST', '/api/workflows', { workspaceId, name: 'Slow', runner });
    await ada.ok('POST', `/api/workflows/${workflow.id}/deploy`);
    const { key } = await ada.workspaceKey(workspaceId);
    await operate(platform, 'PUT', `/users/${ada.userId}/plan`, { plan: 'enterprise' });

    const queued: { jobId: string; executionId: string }[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = begun.length;
      const calls = Array.from({ length: RUNS_PER_LIFE }, async (_, n) => {
        const answer = await execute(platform, workflow.id, key, { n }, { 'x-execution-mode': 'async' });
        expect(answer.status).toBe(202);
        queued.push(answer.body);
      });
      await Promise.all(calls);
      await eventually(() => expect(begun.length).toBeGreaterThan(before + 1));
      await platform.end('SIGKILL');
      await platform.again();
    }

    await eventually(
      async () => {
        const statuses = await Promise.all(
          queued.map(async ({ jobId }) => (await getWithKey(platform, `/api/jobs/${jobId}`, key)).body),
        );
        expect(statuses.map(({ status }) => status)).toEqual(queued.map(() => 'completed'));
        expect(statuses[0]?.output).toEqual({ done: true });
      },
      { timeoutMs: 30_000, everyMs: 200 },
    );
    await eventually(
      async () => {
        const reconciled = await ada.ok('GET', '/api/billing/reconciliation');
        expect(reconciled).toMatchObject({ runs: queued.length, billed: queued.length, difference: 0 });
      },
      { timeoutMs: 10_000, everyMs: 100 },
    );
    const { body } = await getWithKey(platform, `/api/v1/logs?workspaceId=${workspaceId}&limit=1000`, key);
    const logged = body.data.map((entry: { executionId: string }) => entry.executionId);
    expect([...logged].sort()).toEqual(queued.map(({ executionId }) => executionId).sort());
    console.info(`${queued.length} queued, ${begun.length} begun upstream, ${new Set(begun).size} different`);
    expect(new Set(begun).size).toBe(queued.length);
  }, 120_000);
});
