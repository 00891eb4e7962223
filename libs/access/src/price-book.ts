import type { PricesEntry } from './directory-entries.js';

export interface PriceInForce {
  priceId: string;
  basePerRunMicros: number;
}

/** Contract A4: $0.005 a run, until the operator announces a price. */
export const DEFAULT_PRICE: PriceInForce = Object.freeze({ priceId: 'default', basePerRunMicros: 5_000 });

/**
 * The price in force at an instant: of those that have begun the one that began last; of two that began together the one
 * with the greater id, so that every gateway picks the same.
 */
export function priceInForce(prices: PricesEntry | undefined, atMs: number): PriceInForce {
  let best: string | undefined;
  let bestFromMs = -Infinity;
  for (const priceId in prices?.prices) {
    const { fromMs } = prices.prices[priceId]!;
    if (fromMs > atMs || fromMs < bestFromMs) continue;
    if (fromMs === bestFromMs && best !== undefined && priceId < best) continue;
    best = priceId;
    bestFromMs = fromMs;
  }
  if (best === undefined) return DEFAULT_PRICE;
  return { priceId: best, basePerRunMicros: prices!.prices[best]!.basePerRunMicros };
}
