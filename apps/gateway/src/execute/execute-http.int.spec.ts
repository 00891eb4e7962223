import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@tollgate/testing';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

describe('running an http workflow', () => {
  let gateway: GatewayUnderTest;
  let upstream: Server;
  let url: string;
  let key: string;
  let workflowId: string;
  let signingSecret: string;
  const received: Received[] = [];

  beforeAll(async () => {
    upstream = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        received.push({ headers: request.headers, body });
        response.setHeader('content-type', 'application/json').setHeader('x-tollgate-cost-usd', '0.0015');
        response.statusCode = request.url === '/broken' ? 500 : 200;
        response.end('{"answer":42}');
      });
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`;
    gateway = await GatewayUnderTest.start({ UPSTREAM_ALLOW: '127.0.0.1' });
    await gateway.user('anna');
    await gateway.workspace('ws1', 'anna');
    key = await gateway.key({ ownerId: 'anna' });
    const runner = { kind: 'http', url, headers: { 'X-Upstream-Token': 'first-token' } };
    const created = await gateway.as('anna')('POST', '/api/workflows', { workspaceId: 'ws1', name: 'Hook', runner });
    workflowId = created.json.workflow.id;
    signingSecret = created.json.signingSecret;
    await gateway.as('anna')('POST', `/api/workflows/${workflowId}/deploy`);
  });
  afterAll(async () => {
    await gateway.stop();
    upstream.closeAllConnections();
    upstream.close();
  });
  beforeEach(() => void (received.length = 0));

  const expectSigned = ({ headers, body }: Received) => {
    const [, seconds, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-tollgate-signature'])) ?? [];
    expect(createHmac('sha256', signingSecret).update(`${seconds}.${body}`).digest('hex')).toBe(signature);
  };

  test('the upstream gets the input, signed, with the workflow’s headers and never the caller’s key or cookies', async () => {
    const answer = await gateway.execute(workflowId, key, { order: 7 }, { cookie: 'person=anna' });

    expect(answer.json).toMatchObject({ success: true, output: { answer: 42 } });
    expect(received).toHaveLength(1);
    const [{ headers, body }] = received as [Received];
    expect(JSON.parse(body)).toEqual({ order: 7 });
    expect(headers).toMatchObject({
      'x-upstream-token': 'first-token',
      'x-tollgate-run-id': answer.json.executionId,
      'x-tollgate-workspace-id': 'ws1',
      'x-tollgate-workflow-id': workflowId,
    });
    expectSigned(received[0]!);
    expect(JSON.stringify(headers)).not.toContain(key);
    expect(headers.cookie).toBeUndefined();
  });

  test('what the upstream says that it cost is billed on top of the base price', async () => {
    const answer = await gateway.execute(workflowId, key);
    await eventually(() => {
      const events = gateway.runEvents.filter(({ subject }) => subject === answer.json.executionId);
      expect(events.map(({ data }) => data)).toMatchObject([
        { baseMicros: 5_000, runnerMicros: 1_500 },
        { costMicros: 6_500 },
      ]);
    });
  });

  test('new headers are used from the next deployment on, not before', async () => {
    const runner = { kind: 'http', url, headers: { 'X-Upstream-Token': 'second-token' } };
    await gateway.as('anna')('PUT', `/api/workflows/${workflowId}`, { runner });
    await gateway.execute(workflowId, key);
    expect(received[0]?.headers['x-upstream-token']).toBe('first-token');

    await gateway.as('anna')('POST', `/api/workflows/${workflowId}/deploy`);
    await gateway.execute(workflowId, key);
    expect(received[1]?.headers['x-upstream-token']).toBe('second-token');
    expectSigned(received[1]!);
  });

  test('a restart forgets neither headers nor signing secret', async () => {
    await gateway.restart();
    expect((await gateway.execute(workflowId, key)).json.success).toBe(true);
    expect(received[0]?.headers['x-upstream-token']).toBe('second-token');
    expectSigned(received[0]!);
  });

  test('an upstream that refuses makes a failed run, which is billed', async () => {
    const broken = await gateway.deployed('anna', 'ws1', { kind: 'http', url: `${url}broken` });
    const answer = await gateway.execute(broken, key);
    expect([answer.status, answer.json]).toMatchObject([200, { success: false, error: 'Upstream answered 500' }]);
  });
});
