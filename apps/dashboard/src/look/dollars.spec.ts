import { dollars, dollarsOf } from './dollars.js';

describe('dollars', () => {
  it('keeps every digit that says something, and cents at least', () => {
    expect(['0.000000', '0.005000', '12.500000', '1234567.000001'].map(dollars)).toEqual([
      '$0.00',
      '$0.005',
      '$12.50',
      '$1,234,567.000001',
    ]);
  });

  it('writes the numbers of the compatible routes without a float’s tail', () => {
    expect(dollarsOf(0.1 + 0.2)).toBe('$0.30');
  });
});
