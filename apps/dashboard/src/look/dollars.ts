/**
 * `"12.005000"` → `$12.005`: all digits that say something, at least cents. Exact: the text is cut, never computed with.
 */
export function dollars(decimal: string): string {
  const [whole = '0', fraction = ''] = decimal.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return `$${grouped}.${fraction.replace(/0+$/, '').padEnd(2, '0')}`;
}

/** A number of dollars as Sim's own routes carry it: at most 6 places. */
export const dollarsOf = (value: number) => dollars(value.toFixed(6));

export const countText = (count: number) => new Intl.NumberFormat().format(count);
