import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@tollgate/testing';
import { type Answer, executeAt, GatewayUnderTest } from '../../test/gateway-under-test.js';
import { ClaimTable, LEASE_SECONDS } from './claim-table.js';
import { MonotonicClock } from './monotonic-clock.js';

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
  const call = (id: string, idempotencyKey: string, body: unknown) =>
    gateway.execute(id, key, body, { 'idempotency-key': idempotencyKey });
  const callOther = (id: string, idempotencyKey: string, body: unknown) =>
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
  /** Nobody has said for long that he works at it. */
  const lapse = (idempotencyKey: string) =>
    gateway.database.pool.query(`UPDATE gateway.idempotency_claims SET held_until = now() WHERE idempotency_key = $1`, [
      idempotencyKey,
    ]);
  /** The first gateway stands still right after its next claim, until `after` so many milliseconds of its own clock. */
  const pausedClaim = () => {
    const table = gateway.running.app.get(ClaimTable);
    const clock = gateway.running.app.get(MonotonicClock);
    const [claim, nowMs] = [table.claim.bind(table), clock.nowMs.bind(clock)];
    const claimed = Promise.withResolvers<void>();
    const pause = Promise.withResolvers<void>();
    table.claim = async (scope) => {
      table.claim = claim;
      const answer = await claim(scope);
      claimed.resolve();
      await pause.promise;
      return answer;
    };
    const after = (ms: number) => {
      clock.nowMs = () => nowMs() + ms;
      pause.resolve();
    };
    return { claimed: claimed.promise, after };
  };

  test.each([
    ['whole', {}],
    ['streamed', { stream: true }],
  ])('whose gateway was lost are taken over, with the same run: billed once, one answer (%s)', async (how, body) => {
    const idempotencyKey = freshKey();
    const first = call(slow, idempotencyKey, body);
    const { response, runId } = await called();
    expect((await callOther(slow, idempotencyKey, body)).status).toBe(409);
    await lapse(idempotencyKey);
    const second = callOther(slow, idempotencyKey, body);
    await eventually(() => expect(waiting).toHaveLength(2));
    expect(waiting[1]!.runId).toBe(runId);
    waiting[1]!.response.setHeader('content-type', 'application/json').end('"second"');
    const { text } = await second;
    response.setHeader('content-type', 'application/json').end('"first"');
    expect(text).toContain('"output":"second"');
    expect((await first).text).toBe(text);
    expect(isReplay(await first)).toBe(how === 'whole');
    await factsOf(runId);
    expect((await call(slow, idempotencyKey, body)).text).toBe(text);
    expect(await factsOf(runId)).toBe(2);
  });

  test.each([
    ['whole', 'works'],
    ['whole', 'has answered'],
    ['streamed', 'works'],
    ['streamed', 'has answered'],
  ])('whose gateway pauses before it admits them are run by the other alone: %s, while it %s', async (how, until) => {
    const idempotencyKey = freshKey();
    const body = how === 'streamed' ? { stream: true } : {};
    const resume = pausedClaim();
    const first = call(slow, idempotencyKey, body);
    await resume.claimed;
    await lapse(idempotencyKey);
    const second = callOther(slow, idempotencyKey, body);
    const { response } = await called();
    const answer = () => response.setHeader('content-type', 'application/json').end('"second"');
    if (until === 'has answered') {
      answer();
      await second;
    }
    resume.after(LEASE_SECONDS * 1_000);
    const told = await first;
    if (until === 'works') {
      expect([told.status, told.json.code]).toEqual([409, 'IDEMPOTENCY_IN_PROGRESS']);
      answer();
    } else {
      expect([told.text, isReplay(told)]).toEqual([(await second).text, true]);
    }
    const { text } = await second;
    const again = await call(slow, idempotencyKey, body);
    expect([again.text, isReplay(again), waiting.length]).toEqual([text, true, 1]);
  });

  test('that a lost gateway had recorded are answered from the log, not run again', async () => {
    const idempotencyKey = freshKey();
    const first = await call(echo, idempotencyKey, { n: 'recorded' });
    await eventually(() =>
      expect(gateway.runEvents.filter(({ subject }) => subject === first.json.executionId)).toHaveLength(2),
    );
    await gateway.database.pool.query(
      `UPDATE gateway.idempotency_claims SET status = NULL, body = NULL, held_until = now() WHERE idempotency_key = $1`,
      [idempotencyKey],
    );
    const again = await call(echo, idempotencyKey, { n: 'recorded' });
    expect(again.json).toEqual(first.json);
    expect(await factsOf(first.json.executionId)).toBe(2);
  });
});
