/** How values of a query string are read: pure, total, and safe in a browser. Undefined: not such a value. */

/** A decimal as it was written: exact digits for money, and the nearest double for what needs no more. */
export interface Decimal {
  approximate: number;
  /** The value times 10^`places`, rounded down or up to an integer that fits 63 bits. */
  scaled(places: number, rounding: 'down' | 'up'): bigint;
}

const DECIMAL =
  /^([+-]?)(\d{1,60})(?:\.(\d{0,60}))?(?:[eE]([+-]?\d{1,3}))?$|^([+-]?)\.(\d{1,60})(?:[eE]([+-]?\d{1,3}))?$/;
const BIGGEST = 2n ** 62n;

export function readDecimal(text: string): Decimal | undefined {
  const match = DECIMAL.exec(text.trim());
  if (!match) return undefined;
  const whole = match[2] ?? '';
  const fraction = match[3] ?? match[6] ?? '';
  const negative = (match[1] ?? match[5]) === '-';
  const exponent = Number(match[4] ?? match[7] ?? 0) - fraction.length;
  const digits = BigInt(whole + fraction) * (negative ? -1n : 1n);
  return {
    approximate: Number(text),
    scaled: (places, rounding) => clamp(scale(digits, exponent + places, rounding)),
  };
}

function scale(digits: bigint, exponent: number, rounding: 'down' | 'up'): bigint {
  if (exponent >= 0) return digits * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  const quotient = digits / divisor;
  if (quotient * divisor === digits) return quotient;
  // Division of bigints goes towards zero.
  if (rounding === 'up') return digits > 0n ? quotient + 1n : quotient;
  return digits < 0n ? quotient - 1n : quotient;
}

function clamp(value: bigint): bigint {
  return value > BIGGEST ? BIGGEST : value < -BIGGEST ? -BIGGEST : value;
}

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * An ISO 8601 date or date and time, in milliseconds of the epoch. Without an offset it is UTC; a `+` that a query string
 * turned into a space is read as one; days that no calendar has are refused; digits beyond the millisecond are cut.
 */
export function readInstantMs(text: string): number | undefined {
  const match = INSTANT.exec(
    text
      .trim()
      .toUpperCase()
      .replace(/^(.{10}T.*) (\d\d:?\d\d)$/, '$1+$2'),
  );
  if (!match) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', offset = 'Z'] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const zone = offset === 'Z' ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(-2)}`;
  const utcMs = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`,
  );
  if (Number.isNaN(utcMs) || new Date(utcMs).getUTCDate() !== Number(day)) return undefined;
  const offsetMs = offsetMsOf(zone);
  return offsetMs === undefined ? undefined : utcMs - offsetMs;
}

function offsetMsOf(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** A comma list: trimmed, without empties, each value once. */
export function readList(text: string): string[] {
  return [
    ...new Set(
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    ),
  ];
}
