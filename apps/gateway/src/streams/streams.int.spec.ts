import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { eventually } from '@tollgate/testing';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';
import { SseClient } from '../../test/sse-client.js';

const DONE = '[DONE]';

describe('streamed runs', () => {
  let gateway: GatewayUnderTest;
  let upstream: Server;
  let http: string;
  let key: string;
  const calls: { response: ServerResponse; accept: string | undefined; closed: boolean }[] = [];
  const sockets: Socket[] = [];

  beforeAll(async () => {
    upstream = createServer((request, response) => {
      const call = { response, accept: request.headers.accept, closed: false };
      response.on('close', () => (call.closed = true));
      calls.push(call);
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    gateway = await GatewayUnderTest.start({
      UPSTREAM_ALLOW: '127.0.0.1',
      STREAM_STALL_MS: '500',
      REQUEST_TIMEOUT_MS: '1000',
    });
    await gateway.user('anna');
    await gateway.workspace('ws1', 'anna');
    const { port } = upstream.address() as AddressInfo;
    http = await gateway.deployed('anna', 'ws1', { kind: 'http', url: `http://127.0.0.1:${port}/` });
    key = await gateway.key({ ownerId: 'anna' });
  });
  afterAll(async () => {
    sockets.forEach((socket) => socket.destroy());
    await gateway.stop();
    upstream.closeAllConnections();
    upstream.close();
  });
  afterEach(() => void calls.splice(0));

  const stream = (id: string, body: object = {}, headers: Record<string, string> = {}) =>
    SseClient.open(
      `${gateway.url}/api/workflows/${id}/execute`,
      { 'x-api-key': key, ...headers },
      { stream: true, ...body },
    );
  const called = () =>
    eventually(() => {
      expect(calls).toHaveLength(1);
      return calls[0]!;
    });
  const finishedOf = (runId: string) =>
    eventually(() => {
      const events = gateway.runEvents.filter(({ subject }) => subject === runId);
      expect(events.map(({ type }) => type)).toEqual(['RequestBilled', 'RunFinished']);
      return events[1]!.data as Record<string, unknown>;
    });

  test('an upstream’s events arrive as chunks while the run goes on, then the final frame and the sentinel', async () => {
    const opening = stream(http, { message: 'hi' });
    const { response, accept } = await called();
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write('data: Hel');
    response.write('lo\n\n: a comment\n\n');
    const client = await opening;
    await eventually(() => expect(client.json).toEqual([{ blockId: 'http', chunk: 'Hello' }]));

    const goesOnAtMs = performance.now();
    response.end('event: token\ndata:  world\n\ndata: [DONE]\n\n');
    await client.ended;

    expect(accept).toMatch(/^text\/event-stream/);
    expect(client.frames[0]!.atMs).toBeLessThan(goesOnAtMs);
    const { headers, status } = client.response;
    const runId = headers.get('x-execution-id')!;
    expect(client.json).toEqual([
      { blockId: 'http', chunk: 'Hello' },
      { blockId: 'http', chunk: ' world' },
      {
        event: 'final',
        data: {
          success: true,
          executionId: runId,
          runId,
          status: 'completed',
          output: 'Hello world',
          metadata: { duration: expect.any(Number), startTime: expect.any(String), endTime: expect.any(String) },
        },
      },
      DONE,
    ]);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(headers.get('cache-control')).toBe('no-cache, no-store');
    expect(headers.get('x-accel-buffering')).toBe('no');
    expect(headers.get('x-ratelimit-remaining')).toMatch(/^\d+$/);
    expect(headers.get('x-request-id')).toBeTruthy();
    expect(await finishedOf(runId)).toMatchObject({
      status: 'completed',
      output: 'Hello world',
      input: { message: 'hi' },
      costMicros: 5_000,
    });
  });

  test('the frames are written as the contract has them, the sentinel JSON-quoted', async () => {
    const echo = await gateway.deployed('anna', 'ws1', '"hi"');
    const answer = await gateway.execute(echo, key, {}, { 'x-stream-response': 'true' });
    const frames = answer.text.split('\n\n');
    expect(frames[0]).toBe('data: {"blockId":"expression","chunk":"hi"}');
    expect(frames[1]).toMatch(/^data: {"event":"final","data":{"success":true,/);
    expect(frames.slice(2)).toEqual(['data: "[DONE]"', '']);
  });

  test('text that is not events is passed on piece by piece, cut at whole characters', async () => {
    const opening = stream(http);
    const { response } = await called();
    const bytes = Buffer.from('grüße 🙂');
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
    response.write(bytes.subarray(0, 3));
    const client = await opening;
    await eventually(() => expect(client.json).toEqual([{ blockId: 'http', chunk: 'gr' }]));
    response.end(bytes.subarray(3));
    await client.ended;
    expect(client.json.map((frame) => (frame as { chunk?: string }).chunk ?? '').join('')).toBe('grüße 🙂');
    expect(client.json.at(-2)).toMatchObject({ event: 'final', data: { output: 'grüße 🙂' } });
  });

  test('an upstream that answers with JSON, and an expression that gives no text, have a final frame alone', async () => {
    const opening = stream(http);
    (await called()).response.setHeader('content-type', 'application/json').end('{"a":{"b":1,"c":2}}');
    const client = await opening;
    await client.ended;
    expect(client.json).toMatchObject([{ event: 'final', data: { output: { a: { b: 1, c: 2 } } } }, DONE]);

    const echo = await gateway.deployed('anna', 'ws1');
    const chosen = await stream(echo, { a: { b: 1, c: 2 }, selectedOutputs: ['a.b', 'a.x'] });
    await chosen.ended;
    expect(chosen.json).toMatchObject([{ event: 'final', data: { output: { 'a.b': 1 } } }, DONE]);
  });

  test('a run that fails ends with an error frame and the sentinel, and is billed', async () => {
    const opening = stream(http);
    (await called()).response.writeHead(500, { 'content-type': 'text/plain' }).end('broken');
    const client = await opening;
    await client.ended;
    expect(client.json).toEqual([{ event: 'error', error: 'Upstream answered 500', blockId: 'http' }, DONE]);
    expect(await finishedOf(client.response.headers.get('x-execution-id')!)).toMatchObject({ status: 'failed' });
  });

  test('an upstream that breaks off in the middle ends it with an error frame', async () => {
    const opening = stream(http);
    const { response } = await called();
    response.writeHead(200, { 'content-type': 'text/plain' }).write('half');
    const client = await opening;
    await eventually(() => expect(client.frames).toHaveLength(1));
    response.destroy();
    await client.ended;
    expect(client.json.slice(1)).toEqual([
      { event: 'error', error: 'Upstream closed the connection before it had answered', blockId: 'http' },
      DONE,
    ]);
  });

  test('a refused run is answered with the refusal, not with a stream', async () => {
    const answer = await gateway.execute('nowhere', key, { stream: true });
    expect([answer.status, answer.json]).toEqual([404, { error: 'Workflow not found', code: 'NOT_FOUND' }]);
  });

  test('a client that goes away ends the run upstream, which is logged as cancelled and billed as started', async () => {
    const opening = stream(http);
    const call = await called();
    call.response.writeHead(200, { 'content-type': 'text/plain' }).write('x');
    const client = await opening;
    await eventually(() => expect(client.frames).toHaveLength(1));
    client.leave();
    await eventually(() => expect(call.closed).toBe(true));
    expect(await finishedOf(client.response.headers.get('x-execution-id')!)).toMatchObject({
      status: 'cancelled',
      billable: true,
      costMicros: 5_000,
    });
  });

  /** A client that says what it says and never reads. */
  const silent = (text: string): Socket => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.on('error', () => undefined).pause();
    sockets.push(socket);
    socket.write(text);
    return socket;
  };
  const head = (id: string, length: number) =>
    `POST /api/workflows/${id}/execute HTTP/1.1\r\nhost: x\r\nx-api-key: ${key}\r\nx-execution-id: stalled\r\n` +
    `content-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

  test('a client that does not read slows the upstream down, and is cut off in time', async () => {
    const body = '{"stream":true}';
    silent(head(http, body.length) + body);
    const call = await called();
    call.response.writeHead(200, { 'content-type': 'text/plain' });
    let pieces = 0;
    const piece = 'x'.repeat(64 * 1024);
    const pour = () => {
      while (!call.closed && pieces < 155 && call.response.write(piece)) pieces += 1;
      if (!call.closed && pieces < 155) call.response.once('drain', pour);
    };
    pour();
    await eventually(() => expect(call.closed).toBe(true), { timeoutMs: 10_000 });
    expect(pieces).toBeLessThan(155);
    expect(await finishedOf('stalled')).toMatchObject({ status: 'cancelled', billable: true });
  });

  test('a client that stalls in sending its body is cut off before anything is admitted', async () => {
    const before = gateway.runEvents.length;
    const socket = silent(head(http, 1000) + '{"stre');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString())).resume();
    await once(socket, 'close');
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect([calls, gateway.runEvents.length]).toEqual([[], before]);
  });
});
