import { eventually } from '@tollgate/testing';
import { isReplay, RepeatedCalls } from '../../test/repeated-calls.js';
import { ClaimTable, LEASE_SECONDS } from './claim-table.js';
import { MonotonicClock } from './monotonic-clock.js';

describe('calls with an Idempotency-Key', () => {
  let calls: RepeatedCalls;
  beforeAll(async () => {
    calls = await RepeatedCalls.start();
  });
  afterAll(() => calls.stop());
  afterEach(() => calls.giveUpWaiting());

  /** Nobody has said for long that he works at it. */
  const lapse = (idempotencyKey: string) =>
    calls.gateway.database.pool.query(
      `UPDATE gateway.idempotency_claims SET held_until = now() WHERE idempotency_key = $1`,
      [idempotencyKey],
    );
  /** The first gateway stands still right after its next claim, until `after` so many milliseconds of its own clock. */
  const pausedClaim = () => {
    const table = calls.gateway.running.app.get(ClaimTable);
    const clock = calls.gateway.running.app.get(MonotonicClock);
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
    const idempotencyKey = calls.freshKey();
    const first = calls.call(calls.slow, idempotencyKey, body);
    const { response, runId } = await calls.called();
    expect((await calls.callOther(calls.slow, idempotencyKey, body)).status).toBe(409);
    await lapse(idempotencyKey);
    const second = calls.callOther(calls.slow, idempotencyKey, body);
    await eventually(() => expect(calls.waiting).toHaveLength(2));
    expect(calls.waiting[1]!.runId).toBe(runId);
    calls.waiting[1]!.response.setHeader('content-type', 'application/json').end('"second"');
    const { text } = await second;
    response.setHeader('content-type', 'application/json').end('"first"');
    expect(text).toContain('"output":"second"');
    expect((await first).text).toBe(text);
    expect(isReplay(await first)).toBe(how === 'whole');
    await calls.factsOf(runId);
    expect((await calls.call(calls.slow, idempotencyKey, body)).text).toBe(text);
    expect(await calls.factsOf(runId)).toBe(2);
  });

  test.each([
    ['whole', 'works'],
    ['whole', 'has answered'],
    ['streamed', 'works'],
    ['streamed', 'has answered'],
  ])('whose gateway pauses before it admits them are run by the other alone: %s, while it %s', async (how, until) => {
    const idempotencyKey = calls.freshKey();
    const body = how === 'streamed' ? { stream: true } : {};
    const resume = pausedClaim();
    const first = calls.call(calls.slow, idempotencyKey, body);
    await resume.claimed;
    await lapse(idempotencyKey);
    const second = calls.callOther(calls.slow, idempotencyKey, body);
    const { response } = await calls.called();
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
    const again = await calls.call(calls.slow, idempotencyKey, body);
    expect([again.text, isReplay(again), calls.waiting.length]).toEqual([text, true, 1]);
  });

  test('that a lost gateway had recorded are answered from the log, not run again', async () => {
    const idempotencyKey = calls.freshKey();
    const first = await calls.call(calls.echo, idempotencyKey, { n: 'recorded' });
    await eventually(() =>
      expect(calls.gateway.runEvents.filter(({ subject }) => subject === first.json.executionId)).toHaveLength(2),
    );
    await calls.gateway.database.pool.query(
      `UPDATE gateway.idempotency_claims SET status = NULL, body = NULL, held_until = now() WHERE idempotency_key = $1`,
      [idempotencyKey],
    );
    const again = await calls.call(calls.echo, idempotencyKey, { n: 'recorded' });
    expect(again.json).toEqual(first.json);
    expect(await calls.factsOf(first.json.executionId)).toBe(2);
  });
});
