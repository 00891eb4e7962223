import { partOf } from '../streams/select-outputs.js';

/**
 * The parts of an output that were asked for, each under the very text that asked for it, as JSON; `null` when nothing was
 * asked for. What leads nowhere is left out (contract B3.2).
 */
export function blockOutputsOf(outputJson: string, selectors: readonly string[] | undefined): string {
  if (selectors === undefined || selectors.length === 0) return 'null';
  const output = JSON.parse(outputJson) as unknown;
  const parts = selectors.map((selector) => [selector, partOf(output, selector)] as const);
  return JSON.stringify(Object.fromEntries(parts.filter(([, value]) => value !== undefined)));
}
