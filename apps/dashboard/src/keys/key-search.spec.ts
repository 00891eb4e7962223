import { arrangeKeys } from './key-search.js';
import type { KeyView } from './keys.js';

const key = (name: string, more: Partial<KeyView> = {}): KeyView => ({
  id: name,
  name,
  createdAt: '2026-01-01T00:00:00.000Z',
  lastUsed: null,
  expiresAt: null,
  displayKey: 'sk-sim-...0000',
  ...more,
});

describe('finding a key', () => {
  it('looks in the name, whatever its case, and in the preview', () => {
    const keys = [key('Production'), key('staging', { displayKey: 'sk-sim-...Zx9Q' })];
    expect(arrangeKeys(keys, ' PROD ', 'name').map(({ name }) => name)).toEqual(['Production']);
    expect(arrangeKeys(keys, 'zx9q', 'name').map(({ name }) => name)).toEqual(['staging']);
  });

  it('puts keys that end first, and those without an end last', () => {
    const keys = [
      key('never'),
      key('later', { expiresAt: '2027-01-01T00:00:00Z' }),
      key('soon', { expiresAt: '2026-02-01T00:00:00Z' }),
    ];
    expect(arrangeKeys(keys, '', 'expires').map(({ name }) => name)).toEqual(['soon', 'later', 'never']);
  });

  it('arranges a thousand keys without changing the list it was given', () => {
    const keys = Array.from({ length: 1000 }, (_, index) =>
      key(`key ${index}`, { createdAt: new Date(index * 1000).toISOString() }),
    );
    expect(arrangeKeys(keys, '', 'newest')[0]?.name).toBe('key 999');
    expect(keys[0]?.name).toBe('key 0');
  });
});
