import { eventually } from '@tollgate/testing';
import type { GatewayUnderTest } from '../../test/gateway-under-test.js';
import { ASYNC, QueuedRuns } from '../../test/queued-runs.js';
import { GatewayIdentity } from './gateway-identity.js';
import { JobQueue } from './job-queue.js';

describe('queued runs whose gateway is lost', () => {
  let runs: QueuedRuns;
  let gateway: GatewayUnderTest;
  let slow: string;
  let key: string;
  beforeAll(async () => {
    runs = await QueuedRuns.start();
    ({ gateway, slow, key } = runs);
  });
  afterAll(() => runs.stop());
  afterEach(() => runs.hangUp());

  test('that run when a gateway stops go back to the queue and are billed once', async () => {
    const answer = await gateway.execute(slow, key, {}, ASYNC);
    await runs.upstreamHas(1);

    await gateway.restart();
    await runs.upstreamHas(2);

    const ids = runs.waiting.map(({ runId }) => runId);
    expect(ids).toEqual([answer.json.executionId, answer.json.executionId]);
    runs.answerAll('again');
    expect((await runs.ended(answer, 'completed')).output).toBe('again');
    await eventually(async () => expect(await runs.gateway.factsOf(answer.json.executionId)).toBe(2));
  });

  test('that a gateway recorded before it was lost are not run again', async () => {
    const answer = await gateway.execute(slow, key, {}, ASYNC);
    await runs.upstreamHas(1);
    runs.answerAll('once');
    await runs.ended(answer, 'completed');
    await runs.eventsOf(answer.json.executionId);
    const { pool } = gateway.database;
    await pool.query(
      `UPDATE gateway.jobs SET state = 'running', ended_at = NULL, output = NULL, attempts = 1 WHERE id = $1`,
      [answer.json.jobId],
    );
    await pool.query(`UPDATE gateway_queue.job SET state = 'retry', completed_on = NULL WHERE id = $1`, [
      answer.json.jobId,
    ]);

    expect((await runs.ended(answer, 'completed')).output).toBe('once');
    expect(runs.waiting).toEqual([]);
  });

  test('whose gateway is silent are begun again by another, with the same run id, and billed once', async () => {
    const other = await gateway.another();
    const answer = await gateway.execute(slow, key, {}, ASYNC);
    await runs.upstreamHas(1);
    const { jobId, executionId } = answer.json;
    const { rows } = await gateway.database.pool.query(`SELECT runner FROM gateway.jobs WHERE id = $1`, [jobId]);
    const holder = rows[0].runner === gateway.running.app.get(GatewayIdentity).id ? gateway.running : other;
    holder.app.get(JobQueue).keep = () => Promise.resolve();
    holder.app.get(JobQueue).take = () => Promise.resolve([]);
    const silence = () =>
      gateway.database.pool.query(
        `UPDATE gateway_queue.job SET heartbeat_on = now() - interval '1 minute' WHERE id = $1`,
        [jobId],
      );

    await silence();
    await runs.upstreamHas(2);
    expect(runs.waiting.map(({ runId }) => runId)).toEqual([executionId, executionId]);
    runs.waiting[1]!.response.end('by the other');
    expect((await runs.ended(answer, 'completed')).output).toBe('by the other');
    runs.waiting.splice(0)[0]!.response.end('by the silent one');
    await runs.eventsOf(executionId);
    expect(await runs.gateway.factsOf(executionId)).toBe(2);
    expect((await runs.job(answer)).json.output).toBe('by the other');
  });
});
