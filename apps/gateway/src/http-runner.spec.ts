import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { callOf, failed, HttpRunnerUnderTest, json, SECRETS, type Upstream } from '../test/http-runner-under-test.js';
import { CancelSwitch } from './runs/leaver.js';
import type { AddressLookup } from './upstream-guard.js';

describe('the http runner', () => {
  let test: HttpRunnerUnderTest;
  let upstream: Upstream;
  beforeEach(async () => {
    test = await HttpRunnerUnderTest.start();
    upstream = test.upstream;
  });
  afterEach(() => test.close());

  it('posts the input, says whose run it is, and proves it with a signature', async () => {
    upstream.answer = json({ ok: true });
    expect(await test.run({}, '/hook?a=1')).toEqual({
      status: 'completed',
      outputJson: '{"ok":true}',
      runnerMicros: 0,
    });
    const [seen] = upstream.seen;
    expect(seen).toMatchObject({ method: 'POST', url: '/hook?a=1', body: '{"message":"hé"}' });
    const expected = createHmac('sha256', 'whsec_test').update('1700000000.{"message":"hé"}', 'utf8').digest('hex');
    expect(seen!.headers).toEqual({
      host: `127.0.0.1:${upstream.port}`,
      connection: 'keep-alive',
      'content-type': 'application/json',
      'content-length': '17',
      'accept-encoding': 'identity',
      accept: 'application/json, text/plain, */*',
      'user-agent': 'tollgate',
      authorization: 'Bearer upstream',
      'x-own': 'yes',
      'x-tollgate-run-id': 'run-1',
      'x-tollgate-workspace-id': 'ws-1',
      'x-tollgate-workflow-id': 'wf-1',
      'x-tollgate-signature': `t=1700000000,v1=${expected}`,
    });
  });

  it('a workflow cannot set headers that are not its own to set', async () => {
    const headers = {
      Host: 'other',
      'Content-Length': '1',
      'Transfer-Encoding': 'chunked',
      Connection: 'close',
      'content-type': 'text/x',
      'X-TOLLGATE-SIGNATURE': 'forged',
      'x-tollgate-run-id': 'forged',
      'Accept-Encoding': 'gzip',
      Expect: '100-continue',
      'bad name': 'x',
      'a\r\nx-injected': 'x',
      Accept: 'text/plain',
      'User-Agent': 'mine',
    };
    expect((await test.run({ upstreamSecrets: { ...SECRETS, headers } })).status).toBe('completed');
    const { headers: got } = upstream.seen[0]!;
    expect(got).toMatchObject({
      host: `127.0.0.1:${upstream.port}`,
      'content-type': 'application/json',
      'x-tollgate-run-id': 'run-1',
      'accept-encoding': 'identity',
      accept: 'text/plain',
      'user-agent': 'mine',
    });
    expect(got['x-tollgate-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
    expect(Object.keys(got)).not.toEqual(expect.arrayContaining(['x-injected']));
  });

  it.each(['a\r\nx-injected: 1', 'a\nb', 'a\0b', 'a\u0100'])(
    'a header value that would break out is not sent',
    async (value) => {
      const headers = { 'x-own': value };
      const result = await test.run({ upstreamSecrets: { ...SECRETS, headers } });
      expect(result).toEqual(failed('A header of this workflow is not valid'));
      expect(upstream.seen).toEqual([]);
    },
  );

  it('keeps connections alive and uses them again', async () => {
    upstream.answer = json(1);
    const runner = test.runnerWith();
    for (let n = 0; n < 20; n += 1) await runner.run(callOf(`http://127.0.0.1:${upstream.port}/`));
    expect(upstream.seen).toHaveLength(20);
    expect(upstream.connections).toBeLessThanOrEqual(2); // the next run may come before the last one's is free again
  });

  it('runs at the same time do not wait for each other', async () => {
    const waiting: ServerResponse[] = [];
    upstream.answer = (response) => {
      if (waiting.push(response) === 10) for (const each of waiting) each.end('done');
    };
    const runner = test.runnerWith();
    const runs = Array.from({ length: 10 }, () => runner.run(callOf(`http://127.0.0.1:${upstream.port}/`)));
    for (const result of await Promise.all(runs)) expect(result.outputJson).toBe('"done"');
  });

  describe('answers', () => {
    it('204 is null', async () => {
      upstream.answer = (response) => response.writeHead(204).end();
      expect(await test.run()).toMatchObject({ status: 'completed', outputJson: 'null' });
    });

    it('HTML is text', async () => {
      upstream.answer = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hi</p>');
      expect(await test.run()).toMatchObject({ outputJson: '"<p>hi</p>"' });
    });

    it('an informational answer is not the answer', async () => {
      upstream.answer = (response) => {
        response.writeEarlyHints({ link: '</x>; rel=preload' });
        response.end('late');
      };
      expect(await test.run()).toMatchObject({ outputJson: '"late"' });
    });

    it('500 fails, with the JSON body as output', async () => {
      upstream.answer = json({ why: 'no' }, {}, 500);
      expect(await test.run()).toEqual({ ...failed('Upstream answered 500'), outputJson: '{"why":"no"}' });
    });

    it('broken JSON fails', async () => {
      upstream.answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":');
      expect(await test.run()).toEqual(failed('Upstream answered with broken JSON'));
    });

    it('a body that is encoded all the same fails', async () => {
      upstream.answer = (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'));
      expect(await test.run()).toEqual(failed('Upstream answered with an encoded body'));
    });

    it('a reported cost counts; one that cannot be billed is logged and ignored', async () => {
      upstream.answer = json(1, { 'x-tollgate-cost-usd': '0.25' });
      expect((await test.run()).runnerMicros).toBe(250_000);
      expect(test.log.lines).toEqual([]);
      upstream.answer = json(1, { 'x-tollgate-cost-usd': '1e9' });
      expect(await test.run()).toMatchObject({ status: 'completed', runnerMicros: 0 });
      expect(test.log.lines).toEqual([
        ['An upstream reported a cost that cannot be billed', { runId: 'run-1', workflowId: 'wf-1' }],
      ]);
    });
  });

  describe('limits', () => {
    const TOO_LARGE = failed('Upstream answered with more than 10 MiB');

    it('an answer of 10 MiB is taken', async () => {
      const text = 'x'.repeat(10 * 1024 * 1024 - 2);
      upstream.answer = (response) => response.writeHead(200, { 'content-type': 'text/plain' }).end(text);
      expect((await test.run()).outputJson.length).toBe(10 * 1024 * 1024);
    });

    it('a larger one is not, announced or not', async () => {
      upstream.answer = (response) => response.end('x'.repeat(10 * 1024 * 1024 + 1));
      expect(await test.run()).toEqual(TOO_LARGE);
      upstream.answer = (response) => {
        const more = () => {
          while (response.write('x'.repeat(64 * 1024)));
          response.once('drain', more);
        };
        more();
      };
      expect(await test.run()).toEqual(TOO_LARGE);
    });

    it('headers that do not come, or a body that does not end, end at the limit', async () => {
      upstream.answer = () => undefined;
      expect(await test.run({ runnerTimeoutMs: 100 })).toEqual(
        failed('Upstream timed out after 0.1 seconds', 'TIMEOUT'),
      );
      upstream.answer = (response) => response.writeHead(200).write('begun');
      expect(await test.run({ timeoutMs: 120 })).toEqual(failed('Upstream timed out after 0.12 seconds', 'TIMEOUT'));
      const runner = test.runnerWith({ UPSTREAM_TIMEOUT_MS: '150' });
      const call = callOf(`http://127.0.0.1:${upstream.port}/`, { runnerTimeoutMs: 1000 });
      expect(await runner.run(call)).toEqual(failed('Upstream timed out after 0.15 seconds', 'TIMEOUT'));
    });

    it('a client that is gone cancels the run and its connection', async () => {
      const gone = new CancelSwitch();
      const closed = new Promise((done) => {
        upstream.answer = (response) => {
          response.on('close', () => done('closed'));
          gone.cancel();
        };
      });
      expect(await test.run({ ending: gone })).toEqual({
        status: 'cancelled',
        outputJson: 'null',
        runnerMicros: 0,
        error: { code: 'CANCELLED', message: 'Execution was cancelled' },
      });
      expect(await closed).toBe('closed');
      expect(await test.run({ ending: gone })).toMatchObject({ status: 'cancelled' });
      expect(upstream.seen).toHaveLength(1);
    });
  });

  describe('upstreams that fail', () => {
    const raw = async (talk: (socket: Socket) => void) => {
      const server = createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => talk(socket));
      });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      test.closing.push(() => server.close());
      return test.runnerWith().run(callOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
    };
    const CLOSED = failed('Upstream closed the connection before it had answered');

    it('closes before, within or after the headers', async () => {
      expect(await raw((socket) => socket.end())).toEqual(CLOSED);
      expect(await raw((socket) => socket.resetAndDestroy())).toEqual(CLOSED);
      expect(await raw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-len'))).toEqual(CLOSED);
      expect(await raw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab'))).toEqual(CLOSED);
    });

    it('does not speak HTTP', async () => {
      expect(await raw((socket) => socket.end('SSH-2.0-x\r\n'))).toEqual(
        failed('Upstream did not answer with valid HTTP'),
      );
      const endless = `HTTP/1.1 200 OK\r\nx-long: ${'a'.repeat(64 * 1024)}\r\n\r\n`;
      expect(await raw((socket) => socket.end(endless))).toEqual(failed('Upstream did not answer with valid HTTP'));
    });

    it('is not there', async () => {
      const { port } = upstream;
      upstream.close();
      const result = await test.runnerWith().run(callOf(`http://127.0.0.1:${port}/`));
      expect(result).toEqual(failed('Upstream refused the connection'));
    });

    it('speaks plain HTTP where TLS is expected', async () => {
      const result = await test.runnerWith().run(callOf(`https://127.0.0.1:${upstream.port}/`));
      expect(result).toEqual(failed('Upstream could not prove who it is (TLS)'));
    });

    it('has no address', async () => {
      const lookup: AddressLookup = (_hostname, callback) =>
        callback(Object.assign(new Error('getaddrinfo ENOTFOUND secret.internal'), { code: 'ENOTFOUND' }), []);
      const result = await test.runnerWith({}, lookup).run(callOf('http://secret.internal/'));
      expect(result).toEqual(failed('Upstream host was not found'));
    });
  });

  it('a deployment of another kind, or without its secrets, fails', async () => {
    expect(await test.run({ upstreamSecrets: undefined })).toEqual(failed('This workflow has no signing secret'));
    const call = callOf('http://127.0.0.1/');
    call.deployment.runner = { kind: 'expression', expression: '$' };
    expect(await test.runnerWith().run(call)).toEqual(failed('This workflow has no upstream'));
  });
});
