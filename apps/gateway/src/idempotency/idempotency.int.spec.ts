import { once } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { eventually } from '@tollgate/testing';
import { type Answer, executeAt, GatewayUnderTest } from '../../test/gateway-under-test.js';
import { ClaimTable } from './claim-table.js';

describe('calls with an Idempotency-Key', () => {
  let gateway: GatewayUnderTest;
  let otherUrl: string;
  let upstream: Server;
  let slow: string;
  let echo: string;
  let key: string;
  let count = 0;
  const waiting: { response: ServerResponse; runId: string }[] = [];

  beforeAll(async () => {
    upstream = createServer((request, response) => {
      waiting.push({ response, runId: String(request.headers['x-tollgate-run-id']) });
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    gateway = await GatewayUnderTest.start({ UPSTREAM_ALLOW: '127.0.0.1' });
    await gateway.user('anna');
    await gateway.workspace('ws1', 'anna');
    echo = await gateway.deployed('anna', 'ws1');
    const { port } = upstream.address() as AddressInfo;
    slow = await gateway.deployed('anna', 'ws1', { kind: 'http', url: `http://127.0.0.1:${port}/` });
    key = await gateway.key({ ownerId: 'anna' });
    otherUrl = (await gateway.another()).url;
  });
  afterAll(async () => {
    await gateway.stop();
    upstream.closeAllConnections();
    upstream.close();
  });
  afterEach(() => waiting.splice(0).forEach(({ response }) => response.destroy()));

  const freshKey = () => `order-${(count += 1)}`;
  const call = (id: string, idempotencyKey: string, body: unknown = {}, headers: Record<string, string> = {}) =>
    gateway.execute(id, key, body, { 'idempotency-key': idempotencyKey, ...headers });
  const callOther = (id: string, idempotencyKey: string, body: unknown = {}) =>
    executeAt(otherUrl, id, key, body, { 'idempotency-key': idempotencyKey });
  const isReplay = (answer: Answer) => answer.headers.get('idempotency-replayed') === 'true';
  const called = () =>
    eventually(() => {
      expect(waiting).toHaveLength(1);
      return waiting[0]!;
    });
  /** How often the bill and the log have a run, once both do. */
  const factsOf = (runId: string) =>
    eventually(async () => {
      const { rows } = await gateway.database.pool.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM event_log.facts WHERE subject = $1`,
        [runId],
      );
      expect(rows[0]!.count).toBeGreaterThan(0);
      return rows[0]!.count;
    });
  const runsOf = (workflowId: string) =>
    gateway.runEvents.filter(({ type, data }) => type === 'RequestBilled' && data.workflowId === workflowId).length;

  test('give the first answer again, from any gateway, run and billed once', async () => {
    const own = await gateway.deployed('anna', 'ws1', '{ "at": $millis() }');
    // The other gateway hears of the workflow by the log, a moment later.
    await eventually(async () => {
      const told = await fetch(`${otherUrl}/api/workflows/${own}/status`, { headers: { 'x-api-key': key } });
      expect(await told.json()).toMatchObject({ isDeployed: true });
    });
    const idempotencyKey = freshKey();
    const first = await call(own, idempotencyKey, { n: 1 });
    const second = await call(own, idempotencyKey, { n: 1 });
    const third = await callOther(own, idempotencyKey, { n: 1 });

    expect([first.status, first.json.success, isReplay(first)]).toEqual([200, true, false]);
    expect([second.text, third.text]).toEqual([first.text, first.text]);
    expect([second.status, isReplay(second), isReplay(third)]).toEqual([200, true, true]);
    expect(second.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(second.headers.get('x-ratelimit-remaining')).toBeNull();
    expect(await factsOf(first.json.executionId)).toBe(2);
    await eventually(() => expect(runsOf(own)).toBe(1));
  });

  test('with another body are refused, and the first answer stays', async () => {
    const idempotencyKey = freshKey();
    const first = await call(echo, idempotencyKey, { n: 1 });
    const other = await call(echo, idempotencyKey, { n: 2 });
    expect([other.status, other.json.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    expect((await call(echo, idempotencyKey, { n: 1 })).text).toBe(first.text);
  });

  test('are of one API key and one workflow', async () => {
    const idempotencyKey = freshKey();
    const another = await gateway.deployed('anna', 'ws1', '"another"');
    await call(echo, idempotencyKey, { n: 1 });
    expect((await call(another, idempotencyKey, { n: 2 })).json.output).toBe('another');
    const ofOther = await gateway.key({ ownerId: 'anna' });
    const answer = await gateway.execute(echo, ofOther, { n: 3 }, { 'idempotency-key': idempotencyKey });
    expect([answer.status, isReplay(answer), answer.json.output]).toEqual([200, false, { n: 3 }]);
  });

  test('while the first still runs are told to come back, on any gateway', async () => {
    const idempotencyKey = freshKey();
    const first = call(slow, idempotencyKey, {});
    const { response } = await called();
    for (const answer of [await call(slow, idempotencyKey, {}), await callOther(slow, idempotencyKey, {})]) {
      expect([answer.status, answer.json.code, answer.headers.get('retry-after')]).toEqual([
        409,
        'IDEMPOTENCY_IN_PROGRESS',
        '1',
      ]);
    }
    response.setHeader('content-type', 'application/json').end('"done"');
    expect((await first).json.output).toBe('done');
    expect((await callOther(slow, idempotencyKey, {})).json.output).toBe('done');
    expect(waiting).toHaveLength(1);
  });

  test('of thirty at once on two gateways run once', async () => {
    const own = await gateway.deployed('anna', 'ws1', '{ "at": $millis() }');
    // The other gateway hears of the workflow by the log, a moment later.
    await eventually(async () => {
      const told = await fetch(`${otherUrl}/api/workflows/${own}/status`, { headers: { 'x-api-key': key } });
      expect(await told.json()).toMatchObject({ isDeployed: true });
    });
    const idempotencyKey = freshKey();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        n % 2 ? call(own, idempotencyKey, {}) : callOther(own, idempotencyKey, {}),
      ),
    );
    const good = answers.filter(({ status }) => status === 200);
    expect(good.filter((answer) => !isReplay(answer))).toHaveLength(1);
    expect(new Set(good.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ status }) => status !== 200 && status !== 409).map(({ text }) => text)).toEqual([]);
    await factsOf(good[0]!.json.executionId);
    await eventually(() => expect(runsOf(own)).toBe(1));
  });

  test('queue a run once', async () => {
    const idempotencyKey = freshKey();
    const headers = { 'x-execution-mode': 'async' };
    const first = await call(echo, idempotencyKey, { n: 1 }, headers);
    const second = await call(echo, idempotencyKey, { n: 1 }, headers);
    expect([first.status, second.status, second.text, isReplay(second)]).toEqual([202, 202, first.text, true]);
    expect((await call(echo, idempotencyKey, { n: 1 })).status).toBe(422);
    expect(await factsOf(first.json.executionId)).toBe(2);
  });

  test('that are streamed give their last frame again', async () => {
    const text = await gateway.deployed('anna', 'ws1', '"hello"');
    const idempotencyKey = freshKey();
    const first = await call(text, idempotencyKey, { stream: true });
    const second = await call(text, idempotencyKey, { stream: true });
    const frames = first.text.split('\n\n');
    expect(frames).toHaveLength(4);
    expect(second.text.split('\n\n')).toEqual(frames.slice(1));
    expect([isReplay(second), second.headers.get('content-type')]).toEqual([true, 'text/event-stream']);
    expect(second.headers.get('cache-control')).toBe('no-cache, no-store');
  });

  test('that were refused leave the key free', async () => {
    const idempotencyKey = freshKey();
    const draft = { kind: 'expression', expression: '"now"' };
    const created = await gateway.as('anna')('POST', '/api/workflows', {
      workspaceId: 'ws1',
      name: 'W',
      runner: draft,
    });
    const id = created.json.workflow.id as string;
    expect((await call(id, idempotencyKey)).json.code).toBe('WORKFLOW_NOT_DEPLOYED');
    expect((await call(id, idempotencyKey, { stream: true })).json.code).toBe('WORKFLOW_NOT_DEPLOYED');
    await gateway.as('anna')('POST', `/api/workflows/${id}/deploy`);
    expect((await call(id, idempotencyKey)).json.output).toBe('now');
    await gateway.happened('UsageLimitChanged', { userId: 'anna', limitMicros: 1 });
    const next = freshKey();
    expect((await call(id, next)).status).toBe(402);
    await gateway.happened('UsageLimitChanged', { userId: 'anna', limitMicros: null });
    expect((await call(id, next)).status).toBe(200);
  });

  test('run on when their connection is lost, and a repetition gets the answer', async () => {
    const idempotencyKey = freshKey();
    const gone = new AbortController();
    const lost = fetch(`${gateway.url}/api/workflows/${slow}/execute`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      body: '{}',
      signal: gone.signal,
    }).catch((error: Error) => error.name);
    const { response } = await called();
    gone.abort();
    expect(await lost).toBe('AbortError');
    expect((await call(slow, idempotencyKey, {})).status).toBe(409);
    response.setHeader('content-type', 'application/json').end('"kept"');
    await eventually(async () => {
      const answer = await call(slow, idempotencyKey, {});
      expect([answer.json.output, isReplay(answer)]).toEqual(['kept', true]);
    });
  });

  test('whose streamed run could not be kept leave the key free', async () => {
    await gateway.restart();
    const text = await gateway.deployed('anna', 'ws1', '"hello"');
    const idempotencyKey = freshKey();
    // The spool's next file cannot be made: its name is taken.
    const spool = join(gateway.dataDir, 'spool');
    const last = Math.max(0, ...readdirSync(spool).map((name) => (name.endsWith('.journal') ? parseInt(name, 10) : 0)));
    const taken = join(spool, `${String(last + 1).padStart(12, '0')}.journal`);
    writeFileSync(taken, '');
    const unkept = await call(text, idempotencyKey, { stream: true });
    expect(unkept.text).toContain('"event":"error"');
    rmSync(taken);

    await eventually(async () => {
      const again = await call(text, idempotencyKey, { stream: true });
      expect([again.status, isReplay(again)]).toEqual([200, false]);
      expect(again.text).toContain('"event":"final"');
    });
    await eventually(() => expect(runsOf(text)).toBe(1));
  });

  test('are forgotten after a day', async () => {
    const idempotencyKey = freshKey();
    await call(echo, idempotencyKey, { n: 1 });
    await gateway.database.pool.query(
      `UPDATE gateway.idempotency_claims SET claimed_at = now() - interval '25 hours' WHERE idempotency_key = $1`,
      [idempotencyKey],
    );
    const answer = await call(echo, idempotencyKey, { n: 2 });
    expect([answer.status, isReplay(answer), answer.json.output]).toEqual([200, false, { n: 2 }]);
    await gateway.database.pool.query(`UPDATE gateway.idempotency_claims SET claimed_at = now() - interval '25 hours'`);
    expect(await gateway.running.app.get(ClaimTable).sweep()).toBeGreaterThan(5);
  });

  test.each([[''], ['a b'], ['x'.repeat(256)]])('with a key that is none are refused: %j', async (bad) => {
    const answer = await call(echo, bad);
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { error: 'Invalid idempotency key header', details: [{ path: ['idempotency-key'] }] },
    ]);
  });
});
