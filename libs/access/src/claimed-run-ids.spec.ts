import fc from 'fast-check';
import { CLAIM_MS, CLAIM_MS_MIN, ClaimedRunIds } from './claimed-run-ids.js';

describe('claimed run ids', () => {
  it('are known for a day after their last claim, and room is made without forgetting one', () => {
    const moves = fc.array(
      fc.record({
        id: fc.integer({ min: 0, max: 9 }),
        waitMs: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: CLAIM_MS })),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(moves, (all) => {
        const claims = new ClaimedRunIds();
        const claimedAtMs = new Map<string, number>();
        let nowMs = 0;
        for (const { id, waitMs } of all) {
          nowMs += waitMs;
          for (const [runId, atMs] of claimedAtMs) expect(claims.has(runId, nowMs)).toBe(nowMs - atMs < CLAIM_MS);
          if (claims.has(`run-${id}`, nowMs)) continue;
          claims.claim(`run-${id}`, nowMs);
          claimedAtMs.set(`run-${id}`, nowMs);
        }
      }),
    );
  });

  it('survive that an older claim of the same id ages away', () => {
    const claims = new ClaimedRunIds();
    for (const runId of ['a', 'b', 'c', 'again']) claims.claim(runId, 0);
    claims.claim('again', CLAIM_MS);
    claims.claim('more', CLAIM_MS + 1);
    claims.claim('and more', CLAIM_MS + 2);
    expect(claims.has('again', CLAIM_MS + 2)).toBe(true);
    expect(claims.count).toBe(3);
  });

  it('never outnumber the bound, and the oldest makes room only when it is an hour old', () => {
    const claims = new ClaimedRunIds(2_000);
    for (let run = 0; run < 2_000; run++) claims.claim(`run-${run}`, run);
    expect(claims.hasRoom(CLAIM_MS_MIN - 1)).toBe(false);
    for (let run = 2_000; run < 9_000; run++) {
      const nowMs = CLAIM_MS_MIN * run;
      expect(claims.hasRoom(nowMs)).toBe(true);
      claims.claim(`run-${run}`, nowMs);
      expect(claims.count).toBeLessThanOrEqual(2_000);
    }
    expect(claims.has('run-8999', CLAIM_MS_MIN * 9_000)).toBe(true);
  });
});
