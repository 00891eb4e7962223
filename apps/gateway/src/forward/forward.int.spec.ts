import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { freePort } from '@tollgate/testing';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';
import { Owner } from '../../test/owner.js';

const ADMIN = { 'x-admin-key': 'operator-key-of-this-test' };

async function textOf(asked: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of asked) text += String(chunk);
  return text;
}

describe('a gateway alone', () => {
  let owner: Owner;
  let gateway: GatewayUnderTest;
  beforeAll(async () => {
    owner = await Owner.start();
    gateway = await GatewayUnderTest.start({
      BILLING_URL: owner.url,
      LOGS_URL: `http://127.0.0.1:${await freePort()}`,
      ADMIN_API_KEY: ADMIN['x-admin-key'],
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await owner.stop();
  });

  test('passes a request on as it came: method, path, query, body, cookies; and the answer back, with its cookies', async () => {
    let seen: object = {};
    owner.handle = async (asked, response) => {
      seen = { method: asked.method, url: asked.url, cookie: asked.headers.cookie, text: await textOf(asked) };
      response.writeHead(201, { 'set-cookie': ['a=1', 'b=2'], 'content-type': 'application/json', 'x-own': 'yes' });
      response.end('{"made":true}');
    };
    const answer = await gateway.send('POST', '/api/billing/reports?from=x&a=%2F', { cookie: 'who=me' }, '{"broken"');

    expect(seen).toEqual({
      method: 'POST',
      url: '/api/billing/reports?from=x&a=%2F',
      cookie: 'who=me',
      text: '{"broken"',
    });
    expect([answer.status, answer.json]).toEqual([201, { made: true }]);
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(answer.headers.get('x-own')).toBe('yes');
  });

  test('tells the owner who called and under which id, and nothing that a client made up about that', async () => {
    let headers: IncomingMessage['headers'] = {};
    owner.handle = (asked, response) => {
      headers = asked.headers;
      response.setHeader('x-request-id', 'another').end();
    };
    const answer = await gateway.sendRaw('GET', '/api/billing/reports', [
      ...['host', 'gateway.example', 'x-request-id', 'mine', 'x-forwarded-for', '6.6.6.6', 'forwarded', 'for=6.6.6.6'],
      ...['x-tollgate-internal', 'guess', 'connection', 'x-hop', 'x-hop', '1', 'te', 'trailers', 'x-kept', 'yes'],
    ]);

    expect(headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-request-id': 'mine', 'x-kept': 'yes' });
    for (const name of ['x-tollgate-internal', 'x-hop', 'te', 'forwarded']) expect(headers).not.toHaveProperty([name]);
    expect(headers.host).not.toBe('gateway.example');
    expect(answer.headers.get('x-request-id')).toBe('mine');
  });

  test('lets an answer through while it is being made', async () => {
    let end = (): void => undefined;
    owner.handle = (_asked, response) => {
      response.write('first');
      end = () => response.end('last');
    };
    const outgoing = request(`${gateway.url}/api/billing/reports`).end();
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const [first] = (await once(incoming, 'data')) as [Buffer];
    expect(first.toString()).toBe('first');
    end();
    expect(await textOf(incoming)).toBe('last');
  });

  test('lets go of the owner when the client is gone', async () => {
    const aborted = new Promise<void>((resolve) => {
      owner.handle = (_asked, response) => {
        response.on('close', () => resolve());
        response.write('begun');
      };
    });
    const outgoing = request(`${gateway.url}/api/billing/reports`).end();
    await once(outgoing, 'response');
    outgoing.destroy();
    await aborted;
  });

  test.each([
    ['/api/logs', { error: 'Service temporarily unavailable', code: 'SERVICE_UNAVAILABLE' }],
    ['/api/v2/logs', { error: { code: 'SERVICE_UNAVAILABLE', message: 'Service temporarily unavailable' } }],
  ])('answers 503 with Retry-After in the shape of %s when its owner cannot be reached', async (path, body) => {
    const answer = await gateway.send('GET', path);
    expect([answer.status, answer.json]).toEqual([503, body]);
    expect(answer.headers.get('retry-after')).toBe('5');
  });

  test('answers 503 when the owner breaks off before its answer, and breaks off itself when it does in the middle', async () => {
    owner.handle = (asked) => asked.socket.destroy();
    expect((await gateway.send('GET', '/api/billing/reports')).status).toBe(503);

    owner.handle = (asked, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => asked.socket.destroy());
    };
    await expect(gateway.send('GET', '/api/billing/reports')).rejects.toThrow();
  });

  test('tells the operator alone how each service is: as it says itself, away, or something else at its address', async () => {
    const path = '/api/v1/admin/services';
    const parts = { 'billing-database': { ok: false, reason: 'connect ECONNREFUSED' } };
    owner.handle = (asked, response) => {
      response.writeHead(asked.url === '/health/ready' ? 503 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ status: 'not ready', parts }));
    };
    expect((await gateway.send('GET', path)).status).toBe(401);
    const logs = { name: 'logs', status: 'away', parts: {} };
    const told = (await gateway.send('GET', path, ADMIN)).json;
    expect(told).toEqual({ success: true, services: [{ name: 'billing', status: 'not ready', parts }, logs] });

    owner.handle = (_asked, response) => response.end('<html>another program</html>');
    const { services } = (await gateway.send('GET', path, ADMIN)).json;
    expect(services).toEqual([{ name: 'billing', status: 'away', parts: {} }, logs]);
  });

  test('takes no body beyond the largest that any route takes', async () => {
    owner.handle = (asked, response) =>
      void textOf(asked).then(
        () => response.end(),
        () => undefined,
      );
    const answer = await gateway.send('POST', '/api/billing/reports', {}, 'x'.repeat(10 * 1024 * 1024 + 1));
    expect([answer.status, answer.json.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });

  test.each(['/internal/directory', '/api/billing/../internal/directory', '/api/billing/..%2f..%2finternal/directory'])(
    'passes on nothing that is not on its list: %s',
    async (path) => {
      const urls: (string | undefined)[] = [];
      owner.handle = (asked, response) => {
        urls.push(asked.url);
        response.writeHead(404).end();
      };
      const answer = await gateway.sendRaw('POST', path, ['host', 'x'], '');
      expect(answer.status).toBe(404);
      for (const url of urls) expect(url).not.toMatch(/^\/internal/);
    },
  );
});
