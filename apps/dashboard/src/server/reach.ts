/** Whether the server answers: a tiny store that the shell's banner shows and `ask` feeds. */
let isReachable = true;
const listeners = new Set<() => void>();

export const reach = {
  get: () => isReachable,
  set(value: boolean): void {
    if (value === isReachable) return;
    isReachable = value;
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
