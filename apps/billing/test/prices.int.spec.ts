import { Directory, DEFAULT_PRICE, priceInForce } from '@tollgate/access';
import { readFrom } from '@tollgate/event-log';
import { asAnna, asOperator, type BillingUnderTest, startBilling } from './billing-under-test.js';

const PATH = '/api/v1/admin/prices';
const NEW_YEAR = '2101-01-01T00:00:00.000Z';

describe('PUT /api/v1/admin/prices', () => {
  let billing: BillingUnderTest;
  beforeAll(async () => void (billing = await startBilling()));
  afterAll(() => billing.stop());

  const announce = async (body: object) => {
    const { status, json } = await billing.put(PATH, body, asOperator);
    expect(status).toBe(200);
    return (json as { price: { id: string; from: string; basePerRun: string } }).price;
  };
  const priceAt = async (at: string) =>
    priceInForce(await billing.running.app.get(Directory).read('prices', 'all'), Date.parse(at));

  test('given nothing announced, a run costs half a cent', async () => {
    expect(await priceAt(NEW_YEAR)).toEqual(DEFAULT_PRICE);
    expect(DEFAULT_PRICE.basePerRunMicros).toBe(5_000);
  });

  test('given a price from a later instant, it is in force from then on and not before, and the log tells it', async () => {
    const price = await announce({ from: NEW_YEAR, basePerRun: '0.0075' });
    expect(price).toEqual({ id: 'price-00000001', from: NEW_YEAR, basePerRun: '0.007500' });
    expect(await priceAt('2100-12-31T23:59:59.999Z')).toEqual(DEFAULT_PRICE);
    expect(await priceAt(NEW_YEAR)).toEqual({ priceId: price.id, basePerRunMicros: 7_500 });
    const [event] = await readFrom(billing.database.pool, ['prices'], 0n, 10);
    expect(event).toMatchObject({
      type: 'PricePlanChanged',
      source: '/tollgate/billing',
      data: { priceId: price.id, from: NEW_YEAR, basePerRunMicros: 7_500, actor: { type: 'operator' } },
    });
  });

  test('given a price from an instant that is over, it begins when it was announced: no bill changes after the fact', async () => {
    const before = Date.now();
    const { from } = await announce({ from: '2020-01-01T00:00:00Z', basePerRun: '0' });
    expect(Date.parse(from)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(from)).toBeLessThanOrEqual(Date.now());
    expect(await priceAt('2020-06-01T00:00:00Z')).toEqual(DEFAULT_PRICE);
    expect((await priceAt(from)).basePerRunMicros).toBe(0);
  });

  test('given many announced at once for one instant, each has its own id and the last announced is in force', async () => {
    const from = '2102-01-01T00:00:00.000Z';
    const prices = await Promise.all(
      Array.from({ length: 12 }, (_, nth) => announce({ from, basePerRun: `0.00${10 + nth}` })),
    );
    const last = prices
      .map(({ id }) => id)
      .sort()
      .at(-1);
    expect(new Set(prices.map(({ id }) => id)).size).toBe(12);
    expect((await priceAt(from)).priceId).toBe(last);
  });

  test.each([
    [{ basePerRun: '0.005' }, 'from'],
    [{ from: 'soon', basePerRun: '0.005' }, 'from'],
    [{ from: '2101-01-01', basePerRun: '0.005' }, 'from'],
    [{ from: 1762000000000, basePerRun: '0.005' }, 'from'],
    [{ from: NEW_YEAR }, 'basePerRun'],
    [{ from: NEW_YEAR, basePerRun: 0.005 }, 'basePerRun'],
    [{ from: NEW_YEAR, basePerRun: '-0.005' }, 'basePerRun'],
    [{ from: NEW_YEAR, basePerRun: '0.0000005' }, 'basePerRun'],
    [{ from: NEW_YEAR, basePerRun: '1e3' }, 'basePerRun'],
    [{ from: NEW_YEAR, basePerRun: '1000000.000001' }, 'basePerRun'],
    [{ from: NEW_YEAR, basePerRun: '' }, 'basePerRun'],
  ])('given %j, it is refused and %s is named', async (body, field) => {
    const { status, json } = await billing.put(PATH, body, asOperator);
    expect({ status, json }).toMatchObject({
      status: 400,
      json: { code: 'VALIDATION_ERROR', details: [{ path: [field] }] },
    });
  });

  test('given a member nobody knows, it is refused and named', async () => {
    const { status, json } = await billing.put(PATH, { from: NEW_YEAR, basePerRun: '1', perToken: '1' }, asOperator);
    expect({ status, json }).toMatchObject({ status: 400, json: { details: [{ keys: ['perToken'] }] } });
  });

  test.each([{}, { 'x-admin-key': 'wrong' }, { 'x-admin-key': '' }, asAnna])(
    'given %j instead of the operator’s key, it is refused before the body is looked at',
    async (headers) => {
      const { status, json } = await billing.put(PATH, { nonsense: true }, headers as Record<string, string>);
      expect({ status, json }).toEqual({ status: 401, json: { error: 'Unauthorized', code: 'UNAUTHORIZED' } });
    },
  );

  test('given no operator key in the settings, the route is not there', async () => {
    const without = await startBilling({ ADMIN_API_KEY: '' });
    try {
      expect((await without.put(PATH, { from: NEW_YEAR, basePerRun: '1' }, asOperator)).status).toBe(404);
    } finally {
      await without.stop();
    }
  });
});
