/** Waits; ends early and without an error when the signal aborts. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export const sleep: Sleep = (ms, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });

const FIRST_PAUSE_MS = 100;
const PAUSE_MS_MAX = 5_000;

/** The pause before the nth try again: doubles, up to five seconds. */
export function pauseMs(nth: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(nth - 1, 16), PAUSE_MS_MAX);
}
