import fc from 'fast-check';
import { MemoryCounters, MemoryQuota } from './memory-admission.js';
import { parsePlans } from './plans.js';
import { Quota } from './quota.js';
import { addressBucketIdOf, RefusedCalls } from './refused-calls.js';

const NOW_MS = Date.UTC(2026, 10, 10);
const PATH = '/api/v2/meta';

const refusedCalls = () => new RefusedCalls(new MemoryQuota(new MemoryCounters({ plans: parsePlans(undefined) })));
const from = (ip: string, url = PATH) => ({ ip, url });

describe('a call without a usable key', () => {
  it('is a 401 until its address has sent 600, then a 429 that says when to come back, and 300 more a minute later', async () => {
    const calls = refusedCalls();
    const statusOf = async (ip: string, nowMs = NOW_MS) =>
      (await calls.problemOf({ kind: 'invalid' }, 'v2', from(ip), nowMs)).status;
    for (let sent = 0; sent < 600; sent += 1) expect(await statusOf('203.0.113.7')).toBe(401);
    const limited = await calls.problemOf({ kind: 'missing' }, 'v2', from('203.0.113.7'), NOW_MS);
    expect([limited.status, limited.message, limited.options.retryAfterSeconds]).toEqual([
      429,
      'API rate limit exceeded',
      60,
    ]);
    expect(await statusOf('203.0.113.8')).toBe(401);
    for (let sent = 0; sent < 300; sent += 1) expect(await statusOf('203.0.113.7', NOW_MS + 60_000)).toBe(401);
    expect(await statusOf('203.0.113.7', NOW_MS + 60_000)).toBe(429);
  });

  it('is never counted in v1', async () => {
    const calls = refusedCalls();
    for (let sent = 0; sent < 601; sent += 1) {
      const problem = await calls.problemOf({ kind: 'invalid' }, 'logs', from('203.0.113.7', '/api/v1/logs'), NOW_MS);
      expect(problem.status).toBe(401);
    }
  });

  it('is a 503 when the count cannot be had', async () => {
    class NoQuota extends Quota {
      override take = () => Promise.reject(new Error('the counters are away'));
      override peek = () => Promise.reject(new Error('the counters are away'));
      override spentMicros = () => Promise.reject(new Error('the counters are away'));
    }
    const away = new RefusedCalls(new NoQuota()).problemOf({ kind: 'invalid' }, 'v2', from('203.0.113.7'), NOW_MS);
    await expect(away).rejects.toMatchObject({ status: 503, options: { retryAfterSeconds: 5 } });
  });
});

describe('the bucket of an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('of %s is %s', (ip, bucketId) => expect(addressBucketIdOf(ip)).toBe(bucketId));

  it('is one for all of a network, however its addresses are written', () => {
    fc.assert(
      fc.property(fc.ipV6(), (ip) => {
        expect(addressBucketIdOf(ip)).toMatch(/^([0-9a-f]{1,4}:){4}:\/64$|^\d+\.\d+\.\d+\.\d+$/);
      }),
    );
  });
});
