import type { KeyView } from './keys.js';

/** How many keys a page of the list shows: a thousand keys stay quick to draw and to search. */
export const KEYS_PER_PAGE = 25;

export type KeyOrder = 'newest' | 'oldest' | 'name' | 'used' | 'expires';
export const KEY_ORDERS: { value: KeyOrder; label: string }[] = [
  { value: 'newest', label: 'Newest first' },
  { value: 'oldest', label: 'Oldest first' },
  { value: 'name', label: 'By name' },
  { value: 'used', label: 'Last used first' },
  { value: 'expires', label: 'Ending soonest' },
];

const LATEST = '9999';

/** Keys whose name or preview holds the text, in the asked order. */
export function arrangeKeys(keys: readonly KeyView[], text: string, order: KeyOrder): KeyView[] {
  const wanted = text.trim().toLocaleLowerCase();
  const found = keys.filter(
    ({ name, displayKey }) => name.toLocaleLowerCase().includes(wanted) || displayKey.toLowerCase().includes(wanted),
  );
  const compare: Record<KeyOrder, (a: KeyView, b: KeyView) => number> = {
    newest: (a, b) => b.createdAt.localeCompare(a.createdAt),
    oldest: (a, b) => a.createdAt.localeCompare(b.createdAt),
    name: (a, b) => a.name.localeCompare(b.name),
    used: (a, b) => (b.lastUsed ?? '').localeCompare(a.lastUsed ?? ''),
    expires: (a, b) => (a.expiresAt ?? LATEST).localeCompare(b.expiresAt ?? LATEST),
  };
  return found.sort(compare[order]);
}
