import {
  type Answer,
  callOf,
  failed,
  HttpRunnerUnderTest,
  json,
  type Upstream,
} from '../test/http-runner-under-test.js';
import type { AddressLookup } from './upstream-guard.js';

describe('where the http runner connects to', () => {
  let test: HttpRunnerUnderTest;
  let upstream: Upstream;
  beforeEach(async () => {
    test = await HttpRunnerUnderTest.start();
    upstream = test.upstream;
  });
  afterEach(() => test.close());

  describe('addresses', () => {
    const REFUSED = failed('Upstream address is not allowed');
    const answering = (...answers: string[][]): AddressLookup => {
      let asked = 0;
      return (_hostname, callback) => {
        const addresses = answers[Math.min(asked, answers.length - 1)]!;
        asked += 1;
        callback(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      };
    };

    it('private ones are refused unless allowed, written out or behind a name', async () => {
      const closed = test.runnerWith({ UPSTREAM_ALLOW: '' }, answering(['127.0.0.1']));
      expect(await closed.run(callOf(`http://127.0.0.1:${upstream.port}/`))).toEqual(REFUSED);
      expect(await closed.run(callOf(`http://2130706433:${upstream.port}/`))).toEqual(REFUSED);
      expect(await closed.run(callOf(`http://[::ffff:7f00:1]:${upstream.port}/`))).toEqual(REFUSED);
      expect(await closed.run(callOf(`http://localhost:${upstream.port}/`))).toEqual(REFUSED);
      expect(await closed.run(callOf(`http://public.example:${upstream.port}/`))).toEqual(REFUSED);
      expect(upstream.connections).toBe(0);
    });

    it('a host that the operator names is reached wherever it is', async () => {
      const open = test.runnerWith({ UPSTREAM_ALLOW: `inside.example:${upstream.port}` }, answering(['127.0.0.1']));
      expect((await open.run(callOf(`http://inside.example:${upstream.port}/`))).status).toBe('completed');
      expect(await open.run(callOf(`http://other.example:${upstream.port}/`))).toEqual(REFUSED);
    });

    it('a name that changes to a private address after it was checked gains nothing', async () => {
      // 127.0.0.2 plays the public address: allowed, and nobody listens there.
      const rebinding = test.runnerWith({ UPSTREAM_ALLOW: '127.0.0.2' }, answering(['127.0.0.2'], ['127.0.0.1']));
      const call = callOf(`http://rebind.example:${upstream.port}/`);
      expect(await rebinding.run(call)).toEqual(failed('Upstream refused the connection'));
      expect(await rebinding.run(call)).toEqual(REFUSED);
      expect(upstream.connections).toBe(0);
    });

    it('a name with a private address among its addresses is refused', async () => {
      const mixed = test.runnerWith({ UPSTREAM_ALLOW: '127.0.0.2' }, answering(['127.0.0.2', '127.0.0.1']));
      expect(await mixed.run(callOf(`http://mixed.example:${upstream.port}/`))).toEqual(REFUSED);
      expect(upstream.connections).toBe(0);
    });
  });

  describe('redirects', () => {
    const redirect =
      (location: string, status = 307): Answer =>
      (response) =>
        response.writeHead(status, { location }).end();

    it.each([307, 308])('%s on the same origin is followed with the same request', async (status) => {
      upstream.answer = (response, { url }) =>
        (url === '/hook' ? redirect('next?x=1', status) : json('there'))(response, undefined!);
      expect(await test.run()).toMatchObject({ outputJson: '"there"' });
      const [first, second] = upstream.seen;
      expect(second).toEqual({ ...first, url: '/next?x=1' });
    });

    it('another origin gets the input, and neither headers nor signature', async () => {
      const other = await test.another();
      other.answer = json('other');
      upstream.answer = redirect(`http://127.0.0.1:${other.port}/x`);
      expect(await test.run()).toMatchObject({ outputJson: '"other"' });
      const [seen] = other.seen;
      expect(seen).toMatchObject({ method: 'POST', body: '{"message":"hé"}' });
      expect(Object.keys(seen!.headers).sort()).toEqual([
        'accept',
        'accept-encoding',
        'connection',
        'content-length',
        'content-type',
        'host',
        'user-agent',
      ]);
    });

    it('back on the first origin nothing secret is sent any more', async () => {
      const other = await test.another();
      other.answer = redirect(`http://127.0.0.1:${upstream.port}/back`);
      upstream.answer = (response, { url }) =>
        (url === '/back' ? json(1) : redirect(`http://127.0.0.1:${other.port}/x`))(response, undefined!);
      expect((await test.run()).status).toBe('completed');
      expect(upstream.seen[1]!.headers['authorization']).toBeUndefined();
    });

    it.each(['http://127.0.0.2:1/', 'http://169.254.169.254/latest/', 'http://[::1]/', '//10.0.0.1/'])(
      '%s is refused',
      async (location) => {
        upstream.answer = redirect(location);
        expect(await test.run()).toEqual(failed('Upstream address is not allowed'));
      },
    );

    it('a name that leads inside is refused', async () => {
      upstream.answer = redirect('http://inside.example/');
      const lookup: AddressLookup = (_hostname, callback) => callback(null, [{ address: '10.0.0.1', family: 4 }]);
      const result = await test.runnerWith({}, lookup).run(callOf(`http://127.0.0.1:${upstream.port}/`));
      expect(result).toEqual(failed('Upstream address is not allowed'));
    });

    it.each([
      ['file:///etc/passwd', 'URL must begin with http:// or https://'],
      ['http://u:p@127.0.0.1/', 'URL must not contain credentials'],
      ['http://[', 'URL is not valid'],
    ])('%s is not followed', async (location, message) => {
      upstream.answer = redirect(location);
      expect(await test.run()).toEqual(failed(message));
    });

    it.each([301, 302, 303, 304, 300])('%s is not followed', async (status) => {
      upstream.answer = redirect('/next', status);
      expect(await test.run()).toEqual(failed(`Upstream answered ${status}`));
      expect(upstream.seen).toHaveLength(1);
    });

    it('ends after three', async () => {
      upstream.answer = redirect('/again');
      expect(await test.run()).toEqual(failed('Upstream answered 307'));
      expect(upstream.seen).toHaveLength(4);
    });
  });
});
