import type { LoggedEvent } from '@tollgate/contracts';
import fc from 'fast-check';
import { billed } from '../test/billed-runs.js';
import { costMicrosOf, ledgerRowOf } from './pricing.js';

const logged = (event: ReturnType<typeof billed>): LoggedEvent<'RequestBilled'> => ({ ...event, position: 7n });

describe('pricing', () => {
  test('given a run without a cost of its own, it costs the base price', () => {
    expect(costMicrosOf({ baseMicros: 5_000, runnerMicros: 0 })).toBe(5_000n);
  });

  test('given any two amounts, the cost is their exact sum, also beyond what a number can hold', () => {
    const amount = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(amount, amount, (baseMicros, runnerMicros) => {
        const cost = costMicrosOf({ baseMicros, runnerMicros });
        expect(cost - BigInt(runnerMicros)).toBe(BigInt(baseMicros));
      }),
    );
    expect(costMicrosOf({ baseMicros: Number.MAX_SAFE_INTEGER, runnerMicros: 2 })).toBe(9_007_199_254_740_993n);
  });

  test('given an event, its row has the payer, the rule and the price of the admission, and its position', () => {
    const row = ledgerRowOf(
      logged(billed('r1', { payerUserId: 'boris', payerRule: 'workspace', priceId: 'p2', runnerMicros: 3 })),
    );
    expect(row).toMatchObject({
      eventId: 'r1:billed',
      runId: 'r1',
      position: 7n,
      payerUserId: 'boris',
      payerRule: 'workspace',
      priceId: 'p2',
      baseMicros: 5_000n,
      runnerMicros: 3n,
      costMicros: 5_003n,
    });
  });

  test('given the same event twice, the rows are the same: nothing but the event is in them', () => {
    expect(ledgerRowOf(logged(billed('r1')))).toEqual(ledgerRowOf(logged(billed('r1'))));
  });
});
