import type { LookupAddress } from 'node:dns';
import fc from 'fast-check';
import { checkUpstreamUrl, UpstreamGuard, UpstreamNotAllowed } from './upstream-guard.js';

const REFUSED = 'Upstream address is not allowed';

describe('which URLs an upstream may have', () => {
  it.each([
    'http://example.com',
    'https://example.com:8443/a?b=c#d',
    'http://8.8.8.8',
    'http://[2606:4700::1111]/',
    'http://[::ffff:8.8.8.8]/',
    'http://[64:ff9b::808:808]/',
    'http://localhost.example.com',
    'http://172.32.0.1',
  ])('%s', (url) => expect(checkUpstreamUrl(url, [])).toBeUndefined());

  it.each([
    'http://127.0.0.1',
    'http://127.1',
    'http://2130706433',
    'http://0x7f000001',
    'http://0177.0.0.1',
    'http://0x7f.1',
    'http://127.0.0.1.',
    'http://0.0.0.0',
    'http://0',
    'http://10.1.2.3',
    'http://172.16.0.1',
    'http://172.31.255.255',
    'http://192.168.0.1',
    'http://169.254.169.254/latest/meta-data',
    'http://100.64.0.1',
    'http://100.100.100.200',
    'http://192.0.0.192',
    'http://198.18.0.1',
    'http://192.0.2.1',
    'http://203.0.113.9',
    'http://224.0.0.1',
    'http://240.0.0.1',
    'http://255.255.255.255',
    'http://[::1]',
    'http://[::]',
    'http://[fe80::1]',
    'http://[fc00::1]',
    'http://[fd00:ec2::254]',
    'http://[ff02::1]',
    'http://[::ffff:127.0.0.1]',
    'http://[::ffff:a9fe:a9fe]',
    'http://[::127.0.0.1]',
    'http://[64:ff9b::7f00:1]',
    'http://[64:ff9b:1::7f00:1]',
    'http://[2002:7f00:1::]',
    'http://[2001:0:1::1]',
    'http://[2001:db8::1]',
    'http://[fec0::1]',
    'http://[100::1]',
    'http://localhost',
    'http://LOCALHOST:3000',
    'http://localhost.',
    'http://a.localhost',
    'http://１２７.0.0.1',
    'http://127。0。0。1',
  ])('%s is refused', (url) => expect(checkUpstreamUrl(url, [])).toBe(REFUSED));

  it.each([
    ['ftp://example.com', 'URL must begin with http:// or https://'],
    ['file:///etc/passwd', 'URL must begin with http:// or https://'],
    ['javascript:1', 'URL must begin with http:// or https://'],
    ['http://user:pw@example.com', 'URL must not contain credentials'],
    ['http://user@example.com', 'URL must not contain credentials'],
    ['example.com', 'URL is not valid'],
    ['http://', 'URL is not valid'],
    ['http://[::1', 'URL is not valid'],
    ['http://256.1.1.1', 'URL is not valid'],
    ['http://a b', 'URL is not valid'],
    ['', 'URL is not valid'],
    [`http://example.com/${'a'.repeat(3000)}`, 'URL must be at most 2048 characters'],
  ])('%.40s: what is wrong is said', (url, message) => expect(checkUpstreamUrl(url, [])).toBe(message));

  it.each<[string, string[]]>([
    ['http://10.1.2.3', ['10.0.0.0/8']],
    ['http://10.1.2.3:8080', ['192.168.0.0/16', '10.1.2.3']],
    ['http://10.1.2.3:8080', ['10.1.2.3:8080']],
    ['http://[fd00::1]', ['fd00::/8']],
    ['http://[::1]:9000', ['[::1]:9000']],
    ['http://[::ffff:10.0.0.1]', ['10.0.0.0/8']],
    ['http://localhost:3000', ['localhost']],
    ['http://localhost:3000', ['LOCALHOST:3000']],
    ['http://localhost', ['localhost:80']],
    ['https://localhost', ['localhost:443']],
    ['http://localhost', ['127.0.0.0/8']],
  ])('%s is allowed by %s', (url, allow) => expect(checkUpstreamUrl(url, allow)).toBeUndefined());

  it.each<[string, string[]]>([
    ['http://10.1.2.3', ['10.1.2.4', '11.0.0.0/8', 'fd00::/8']],
    ['http://10.1.2.3:8081', ['10.1.2.3:8080']],
    ['http://localhost:3001', ['localhost:3000']],
    ['http://a.localhost', ['localhost']],
    ['http://169.254.169.254', ['10.0.0.0/8', 'not an entry', '*', '', '169.254.169.254/99']],
  ])('%s is not allowed by %s', (url, allow) => expect(checkUpstreamUrl(url, allow)).toBe(REFUSED));

  it('any text gets an answer', () => {
    fc.assert(fc.property(fc.string(), (text) => void checkUpstreamUrl(`http://${text}`, [text])));
    fc.assert(fc.property(fc.ipV6(), (text) => void checkUpstreamUrl(`http://[${text}]`, [text])));
  });

  it('a private IPv4 address is refused in every spelling that a URL reads as it', () => {
    const octets = fc.tuple(fc.constantFrom(10, 127, 0), fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(octets, ([a, b, c, d]) => {
        const number = ((a * 256 + b) * 256 + c) * 256 + d;
        const hex = (n: number) => `0x${n.toString(16)}`;
        const spellings = [
          `${a}.${b}.${c}.${d}`,
          String(number),
          hex(number),
          `0${number.toString(8)}`,
          `${a}.${number % 2 ** 24}`,
          `${hex(a)}.${hex(b)}.${c * 256 + d}`,
          `[::ffff:${a}.${b}.${c}.${d}]`,
          `[64:ff9b::${a}.${b}.${c}.${d}]`,
        ];
        for (const host of spellings) expect([host, checkUpstreamUrl(`http://${host}/`, [])]).toEqual([host, REFUSED]);
      }),
    );
  });
});

describe('the lookup of a connection', () => {
  const resolve = (
    addresses: string[],
    allow: string[] = [],
    url = 'http://name.example',
    options: object = { all: true },
  ) =>
    new Promise((done) => {
      const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      const guard = new UpstreamGuard(allow, (_hostname, callback) => callback(null, found));
      guard.lookupFor(new URL(url))('name.example', options, (error, answer, family) =>
        done(error ?? [answer, family]),
      );
    });

  it('answers public addresses', async () => {
    expect(await resolve(['8.8.8.8', '2606:4700::1'])).toEqual([
      [
        { address: '8.8.8.8', family: 4 },
        { address: '2606:4700::1', family: 6 },
      ],
      undefined,
    ]);
    expect(await resolve(['8.8.8.8'], [], undefined, {})).toEqual(['8.8.8.8', 4]);
    expect(await resolve(['8.8.8.8', '2606:4700::1'], [], undefined, { family: 6 })).toEqual(['2606:4700::1', 6]);
  });

  it('refuses a name when any of its addresses is private', async () => {
    for (const address of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', 'fe80::1%eth0', '::ffff:10.0.0.1', 'x']) {
      expect(await resolve([address])).toBeInstanceOf(UpstreamNotAllowed);
      expect(await resolve(['8.8.8.8', address])).toBeInstanceOf(UpstreamNotAllowed);
    }
  });

  it('answers private addresses of allowed networks and hosts', async () => {
    expect(await resolve(['10.0.0.1'], ['10.0.0.0/8'])).toEqual([[{ address: '10.0.0.1', family: 4 }], undefined]);
    expect(await resolve(['10.0.0.1'], ['name.example'])).toEqual([[{ address: '10.0.0.1', family: 4 }], undefined]);
    expect(await resolve(['10.0.0.1'], ['name.example:81'])).toBeInstanceOf(UpstreamNotAllowed);
    expect(await resolve(['10.0.0.1', '11.0.0.1', '127.0.0.1'], ['10.0.0.0/8'])).toBeInstanceOf(UpstreamNotAllowed);
  });

  it('a name without an address is not found', async () => {
    expect(await resolve([])).toMatchObject({ code: 'ENOTFOUND' });
    expect(await resolve(['8.8.8.8'], [], undefined, { family: 6, all: true })).toMatchObject({ code: 'ENOTFOUND' });
  });
});
