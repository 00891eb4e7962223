import { eventually } from '@tollgate/testing';
import { type Answer, GatewayUnderTest } from '../../test/gateway-under-test.js';

describe('POST /api/workflows/{id}/execute', () => {
  let gateway: GatewayUnderTest;
  let echo: string;
  let ofOwner: string;
  let ofMember: string;
  let ofWorkspace: string;

  beforeAll(async () => {
    gateway = await GatewayUnderTest.start();
    for (const person of ['anna', 'boris', 'rita', 'mallory']) await gateway.user(person);
    await gateway.workspace('ws1', 'anna', 'boris');
    await gateway.happened('MemberAdded', { workspaceId: 'ws1', userId: 'rita', role: 'read' });
    await gateway.workspace('ws2', 'mallory');
    echo = await gateway.deployed('anna', 'ws1');
    ofOwner = await gateway.key({ ownerId: 'anna' });
    ofMember = await gateway.key({ ownerId: 'rita' });
    ofWorkspace = await gateway.key({ workspaceId: 'ws1' });
  });
  afterAll(() => gateway.stop());

  /** Events of the run that an answer tells of. */
  const eventsOf = (executionId: string) =>
    eventually(() => {
      const events = gateway.runEvents.filter(({ subject }) => subject === executionId);
      expect(events.map(({ type }) => type)).toEqual(['RequestBilled', 'RunFinished']);
      return events.map(({ data }) => data as Record<string, unknown>);
    });

  describe('answers a run', () => {
    test.each([
      ['a personal key, billed to its owner', () => ofOwner, 'anna', 'anna'],
      ['a reader’s personal key, billed to the reader', () => ofMember, 'rita', 'rita'],
      ['a workspace key, billed to the workspace’s billed account', () => ofWorkspace, null, 'boris'],
    ])('of %s', async (_what, key, actorUserId, payerUserId) => {
      const answer = await gateway.execute(echo, key(), { message: 'hello' });

      expect(answer.status).toBe(200);
      expect(answer.json).toEqual({
        success: true,
        executionId: expect.stringMatching(/^tgr_[\w-]{21}$/),
        output: { message: 'hello' },
        metadata: {
          duration: expect.any(Number),
          startTime: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
          endTime: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
        },
      });
      expect(answer.headers.get('x-request-id')).toBeTruthy();
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
      const [billed, finished] = await eventsOf(answer.json.executionId);
      expect(billed).toMatchObject({
        workspaceId: 'ws1',
        workflowId: echo,
        actorUserId,
        payerUserId,
        payerRule: 'key-type',
        priceId: 'default',
        baseMicros: 5_000,
        runnerMicros: 0,
      });
      expect(finished).toMatchObject({
        billable: true,
        status: 'completed',
        costMicros: 5_000,
        trigger: 'api',
        input: { message: 'hello' },
        output: { message: 'hello' },
        error: null,
        requestId: answer.headers.get('x-request-id'),
      });
    });

    test('with integer rate headers, which tell what is left of the payer’s bucket', async () => {
      const first = await gateway.execute(echo, ofOwner);
      const second = await gateway.execute(echo, ofOwner);
      for (const name of ['limit', 'remaining', 'reset']) {
        expect(first.headers.get(`x-ratelimit-${name}`)).toMatch(/^\d+$/);
      }
      const left = (answer: Answer) => Number(answer.headers.get('x-ratelimit-remaining'));
      expect(left(first) - left(second)).toBe(1);
      const inSeconds = Number(first.headers.get('x-ratelimit-reset')) - Date.now() / 1_000;
      expect(inSeconds).toBeGreaterThan(-1);
      expect(inSeconds).toBeLessThan(62);
    });

    test('that fails in band with 200 and the reason, billed like any other', async () => {
      const broken = await gateway.deployed('anna', 'ws1', '$error("no such order")');
      const answer = await gateway.execute(broken, ofOwner, { order: 7 });

      expect(answer.status).toBe(200);
      expect(answer.json).toMatchObject({
        success: false,
        output: null,
        error: expect.stringContaining('no such order'),
      });
      const [billed, finished] = await eventsOf(answer.json.executionId);
      expect(billed).toMatchObject({ baseMicros: 5_000 });
      expect(finished).toMatchObject({ status: 'failed', error: { code: 'EXECUTION_FAILED' } });
    });

    test('of a body without content, and of the snapshot that was deployed, not of the draft', async () => {
      const id = await gateway.deployed('anna', 'ws1', '"deployed"');
      await gateway.as('anna')('PUT', `/api/workflows/${id}`, {
        runner: { kind: 'expression', expression: '"draft"' },
      });
      const answer = await gateway.send('POST', `/api/workflows/${id}/execute`, { 'x-api-key': ofOwner });
      expect(answer.json).toMatchObject({ success: true, output: 'deployed' });
    });

    test('at the price in force when it was admitted', async () => {
      await gateway.happened('PricePlanChanged', {
        priceId: 'autumn',
        from: new Date(Date.now() - 1_000).toISOString(),
        basePerRunMicros: 7_000,
      });
      await gateway.happened('PricePlanChanged', {
        priceId: 'next-year',
        from: new Date(Date.now() + 60_000).toISOString(),
        basePerRunMicros: 1,
      });
      const answer = await gateway.execute(echo, ofOwner);
      const [billed] = await eventsOf(answer.json.executionId);
      expect(billed).toMatchObject({ priceId: 'autumn', baseMicros: 7_000 });
    });

    test('with a large input whole, and its log entry cut', async () => {
      const big = { text: 'x'.repeat(300_000) };
      const answer = await gateway.execute(echo, ofOwner, big);
      expect(answer.json.output).toEqual(big);
      const [, finished] = await eventsOf(answer.json.executionId);
      expect(finished?.input).toMatchObject({ truncated: true, bytes: 300_011 });
      expect(finished?.output).toMatchObject({ truncated: true });
    });
  });
});
