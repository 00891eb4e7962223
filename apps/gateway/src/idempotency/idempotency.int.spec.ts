import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@tollgate/testing';
import { isReplay, RepeatedCalls } from '../../test/repeated-calls.js';
import { ClaimTable } from './claim-table.js';

describe('calls with an Idempotency-Key', () => {
  let calls: RepeatedCalls;
  beforeAll(async () => {
    calls = await RepeatedCalls.start();
  });
  afterAll(() => calls.stop());
  afterEach(() => calls.giveUpWaiting());

  const runsOf = (workflowId: string) =>
    calls.gateway.runEvents.filter(({ type, data }) => type === 'RequestBilled' && data.workflowId === workflowId)
      .length;

  test('give the first answer again, from any gateway, run and billed once', async () => {
    const own = await calls.gateway.deployed('anna', 'ws1', '{ "at": $millis() }');
    // The other gateway hears of the workflow by the log, a moment later.
    await eventually(async () => {
      const told = await fetch(`${calls.otherUrl}/api/workflows/${own}/status`, {
        headers: { 'x-api-key': calls.key },
      });
      expect(await told.json()).toMatchObject({ isDeployed: true });
    });
    const idempotencyKey = calls.freshKey();
    const first = await calls.call(own, idempotencyKey, { n: 1 });
    const second = await calls.call(own, idempotencyKey, { n: 1 });
    const third = await calls.callOther(own, idempotencyKey, { n: 1 });

    expect([first.status, first.json.success, isReplay(first)]).toEqual([200, true, false]);
    expect([second.text, third.text]).toEqual([first.text, first.text]);
    expect([second.status, isReplay(second), isReplay(third)]).toEqual([200, true, true]);
    expect(second.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(second.headers.get('x-ratelimit-remaining')).toBeNull();
    expect(await calls.factsOf(first.json.executionId)).toBe(2);
    await eventually(() => expect(runsOf(own)).toBe(1));
  });

  test('with another body are refused, and the first answer stays', async () => {
    const idempotencyKey = calls.freshKey();
    const first = await calls.call(calls.echo, idempotencyKey, { n: 1 });
    const other = await calls.call(calls.echo, idempotencyKey, { n: 2 });
    expect([other.status, other.json.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    expect((await calls.call(calls.echo, idempotencyKey, { n: 1 })).text).toBe(first.text);
  });

  test('are of one API key and one workflow', async () => {
    const idempotencyKey = calls.freshKey();
    const another = await calls.gateway.deployed('anna', 'ws1', '"another"');
    await calls.call(calls.echo, idempotencyKey, { n: 1 });
    expect((await calls.call(another, idempotencyKey, { n: 2 })).json.output).toBe('another');
    const ofOther = await calls.gateway.key({ ownerId: 'anna' });
    const answer = await calls.gateway.execute(calls.echo, ofOther, { n: 3 }, { 'idempotency-key': idempotencyKey });
    expect([answer.status, isReplay(answer), answer.json.output]).toEqual([200, false, { n: 3 }]);
  });

  test('while the first still runs are told to come back, on any gateway', async () => {
    const idempotencyKey = calls.freshKey();
    const first = calls.call(calls.slow, idempotencyKey, {});
    const { response } = await calls.called();
    for (const answer of [
      await calls.call(calls.slow, idempotencyKey, {}),
      await calls.callOther(calls.slow, idempotencyKey, {}),
    ]) {
      expect([answer.status, answer.json.code, answer.headers.get('retry-after')]).toEqual([
        409,
        'IDEMPOTENCY_IN_PROGRESS',
        '1',
      ]);
    }
    response.setHeader('content-type', 'application/json').end('"done"');
    expect((await first).json.output).toBe('done');
    expect((await calls.callOther(calls.slow, idempotencyKey, {})).json.output).toBe('done');
    expect(calls.waiting).toHaveLength(1);
  });

  test('of thirty at once on two gateways run once', async () => {
    const own = await calls.gateway.deployed('anna', 'ws1', '{ "at": $millis() }');
    // The other gateway hears of the workflow by the log, a moment later.
    await eventually(async () => {
      const told = await fetch(`${calls.otherUrl}/api/workflows/${own}/status`, {
        headers: { 'x-api-key': calls.key },
      });
      expect(await told.json()).toMatchObject({ isDeployed: true });
    });
    const idempotencyKey = calls.freshKey();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        n % 2 ? calls.call(own, idempotencyKey, {}) : calls.callOther(own, idempotencyKey, {}),
      ),
    );
    const good = answers.filter(({ status }) => status === 200);
    expect(good.filter((answer) => !isReplay(answer))).toHaveLength(1);
    expect(new Set(good.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ status }) => status !== 200 && status !== 409).map(({ text }) => text)).toEqual([]);
    await calls.factsOf(good[0]!.json.executionId);
    await eventually(() => expect(runsOf(own)).toBe(1));
  });

  test('queue a run once', async () => {
    const idempotencyKey = calls.freshKey();
    const headers = { 'x-execution-mode': 'async' };
    const first = await calls.call(calls.echo, idempotencyKey, { n: 1 }, headers);
    const second = await calls.call(calls.echo, idempotencyKey, { n: 1 }, headers);
    expect([first.status, second.status, second.text, isReplay(second)]).toEqual([202, 202, first.text, true]);
    expect((await calls.call(calls.echo, idempotencyKey, { n: 1 })).status).toBe(422);
    expect(await calls.factsOf(first.json.executionId)).toBe(2);
  });

  test('that are streamed give their last frame again', async () => {
    const text = await calls.gateway.deployed('anna', 'ws1', '"hello"');
    const idempotencyKey = calls.freshKey();
    const first = await calls.call(text, idempotencyKey, { stream: true });
    const second = await calls.call(text, idempotencyKey, { stream: true });
    const frames = first.text.split('\n\n');
    expect(frames).toHaveLength(4);
    expect(second.text.split('\n\n')).toEqual(frames.slice(1));
    expect([isReplay(second), second.headers.get('content-type')]).toEqual([true, 'text/event-stream']);
    expect(second.headers.get('cache-control')).toBe('no-cache, no-store');
  });

  test('that were refused leave the key free', async () => {
    const idempotencyKey = calls.freshKey();
    const draft = { kind: 'expression', expression: '"now"' };
    const created = await calls.gateway.as('anna')('POST', '/api/workflows', {
      workspaceId: 'ws1',
      name: 'W',
      runner: draft,
    });
    const id = created.json.workflow.id as string;
    expect((await calls.call(id, idempotencyKey)).json.code).toBe('WORKFLOW_NOT_DEPLOYED');
    expect((await calls.call(id, idempotencyKey, { stream: true })).json.code).toBe('WORKFLOW_NOT_DEPLOYED');
    await calls.gateway.as('anna')('POST', `/api/workflows/${id}/deploy`);
    expect((await calls.call(id, idempotencyKey)).json.output).toBe('now');
    await calls.gateway.happened('UsageLimitChanged', { userId: 'anna', limitMicros: 1 });
    const next = calls.freshKey();
    expect((await calls.call(id, next)).status).toBe(402);
    await calls.gateway.happened('UsageLimitChanged', { userId: 'anna', limitMicros: null });
    expect((await calls.call(id, next)).status).toBe(200);
  });

  test('run on when their connection is lost, and a repetition gets the answer', async () => {
    const idempotencyKey = calls.freshKey();
    const gone = new AbortController();
    const lost = fetch(`${calls.gateway.url}/api/workflows/${calls.slow}/execute`, {
      method: 'POST',
      headers: { 'x-api-key': calls.key, 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      body: '{}',
      signal: gone.signal,
    }).catch((error: Error) => error.name);
    const { response } = await calls.called();
    gone.abort();
    expect(await lost).toBe('AbortError');
    expect((await calls.call(calls.slow, idempotencyKey, {})).status).toBe(409);
    response.setHeader('content-type', 'application/json').end('"kept"');
    await eventually(async () => {
      const answer = await calls.call(calls.slow, idempotencyKey, {});
      expect([answer.json.output, isReplay(answer)]).toEqual(['kept', true]);
    });
  });

  test('whose streamed run could not be kept leave the key free', async () => {
    await calls.gateway.restart();
    const text = await calls.gateway.deployed('anna', 'ws1', '"hello"');
    const idempotencyKey = calls.freshKey();
    // The spool's next file cannot be made: its name is taken.
    const spool = join(calls.gateway.dataDir, 'spool');
    const last = Math.max(0, ...readdirSync(spool).map((name) => (name.endsWith('.journal') ? parseInt(name, 10) : 0)));
    const taken = join(spool, `${String(last + 1).padStart(12, '0')}.journal`);
    writeFileSync(taken, '');
    const unkept = await calls.call(text, idempotencyKey, { stream: true });
    expect(unkept.text).toContain('"event":"error"');
    rmSync(taken);

    await eventually(async () => {
      const again = await calls.call(text, idempotencyKey, { stream: true });
      expect([again.status, isReplay(again)]).toEqual([200, false]);
      expect(again.text).toContain('"event":"final"');
    });
    await eventually(() => expect(runsOf(text)).toBe(1));
  });

  test('are forgotten after a day', async () => {
    const idempotencyKey = calls.freshKey();
    await calls.call(calls.echo, idempotencyKey, { n: 1 });
    await calls.gateway.database.pool.query(
      `UPDATE gateway.idempotency_claims SET claimed_at = now() - interval '25 hours' WHERE idempotency_key = $1`,
      [idempotencyKey],
    );
    const answer = await calls.call(calls.echo, idempotencyKey, { n: 2 });
    expect([answer.status, isReplay(answer), answer.json.output]).toEqual([200, false, { n: 2 }]);
    await calls.gateway.database.pool.query(
      `UPDATE gateway.idempotency_claims SET claimed_at = now() - interval '25 hours'`,
    );
    expect(await calls.gateway.running.app.get(ClaimTable).sweep()).toBeGreaterThan(5);
  });

  test.each([[''], ['a b'], ['x'.repeat(256)]])('with a key that is none are refused: %j', async (bad) => {
    const answer = await calls.call(calls.echo, bad);
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { error: 'Invalid idempotency key header', details: [{ path: ['idempotency-key'] }] },
    ]);
  });
});
