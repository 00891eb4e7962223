/** Money is an integer of micro-dollars (1 USD = 1,000,000) inside and a decimal string outside; floats never hold it. */
export const MICROS_PER_DOLLAR = 1_000_000;

/** `5000` → `"0.005000"`: exact, always 6 places (contract A3, billing reports). Takes a safe integer or a bigint. */
export function microsToDecimal(micros: number | bigint): string {
  const value = BigInt(micros);
  const sign = value < 0n ? '-' : '';
  const digits = (value < 0n ? -value : value).toString().padStart(7, '0');
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** The number Sim's own routes carry (contract A6 "Money on Sim's routes"): at most 6 decimals. */
export function microsToNumber(micros: number | bigint): number {
  return Number(microsToDecimal(micros));
}

/**
 * Reads a decimal string of dollars (`"0.005"`) exactly. Returns `undefined` unless it is a plain non-negative decimal
 * with at most 6 places that fits a safe integer of micro-dollars: what cannot be held exactly is not money.
 */
export function decimalToMicros(text: string): number | undefined {
  const match = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text.trim());
  if (!match) return undefined;
  return Number(match[1]) * MICROS_PER_DOLLAR + Number((match[2] ?? '').padEnd(6, '0'));
}
