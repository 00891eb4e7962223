import { MemoryFleet } from './memory-fleet.js';

describe('the fleet of one process', () => {
  it('confirms at once: a position of digits, times with milliseconds, nobody fenced', async () => {
    const fleet = new MemoryFleet('one', () => new Date('2026-11-24T08:00:00.250Z'));
    expect(await fleet.confirm(9_007_199_254_740_993n, new Date('2026-11-24T08:00:00Z'))).toEqual({
      receipt: {
        position: '9007199254740993',
        revokedAt: '2026-11-24T08:00:00.000Z',
        confirmedAt: '2026-11-24T08:00:00.250Z',
        gateways: [{ id: 'one', appliedAt: '2026-11-24T08:00:00.250Z' }],
        fenced: [],
      },
      pending: [],
    });
  });

  it('is one member without a lease: it shares the directory itself', async () => {
    const fleet = new MemoryFleet('one', () => new Date('2026-11-24T08:00:00.250Z'));
    const of = { appliedAt: '2026-11-24T08:00:00.250Z', leaseMs: null, beat: null };
    expect(await fleet.members()).toEqual([{ id: 'one', applied: 0, lag: 0, ...of }]);
  });
});
