import { DEFAULT_PRICE, priceInForce } from './price-book.js';

const prices = {
  prices: {
    a: { fromMs: 1_000, basePerRunMicros: 1 },
    c: { fromMs: 2_000, basePerRunMicros: 3 },
    b: { fromMs: 2_000, basePerRunMicros: 2 },
    d: { fromMs: 9_000, basePerRunMicros: 4 },
  },
};

describe('the price in force', () => {
  it('is $0.005 until another one has begun', () => {
    expect(priceInForce(undefined, 5_000)).toEqual({ priceId: 'default', basePerRunMicros: 5_000 });
    expect(priceInForce({ prices: {} }, 5_000)).toBe(DEFAULT_PRICE);
    expect(priceInForce(prices, 999)).toBe(DEFAULT_PRICE);
  });

  it('is the one that began last, from its first instant on', () => {
    expect(priceInForce(prices, 1_000)).toEqual({ priceId: 'a', basePerRunMicros: 1 });
    expect(priceInForce(prices, 1_999)).toMatchObject({ priceId: 'a' });
    expect(priceInForce(prices, 8_999)).toMatchObject({ priceId: 'c' });
    expect(priceInForce(prices, 9_000)).toMatchObject({ priceId: 'd' });
  });

  it('of two that began together is the same in whatever order they were heard of', () => {
    const { a, b, c, d } = prices.prices;
    expect(priceInForce({ prices: { d, b, c, a } }, 2_000)).toMatchObject({ priceId: 'c' });
  });
});
