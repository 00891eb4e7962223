/**
 * The end of a session, as it is met in mid-work: requests that met a 401 wait here until the reader has signed in again
 * in the dialog, or has closed it. All of them share one dialog.
 */
let waiting: { promise: Promise<boolean>; settle: (signedIn: boolean) => void } | undefined;
let isAsking = false;
const listeners = new Set<() => void>();

const tell = (value: boolean) => {
  isAsking = value;
  for (const listener of listeners) listener();
};

/** A 401 may also mean "not a member" (contract B1.1): only without a session is it the end of one. */
async function hasSession(): Promise<boolean> {
  try {
    const answer = await fetch('/api/auth/get-session', { credentials: 'same-origin' });
    return answer.ok && ((await answer.json()) as unknown) !== null;
  } catch {
    return true;
  }
}

export const sessionEnd = {
  isAsking: () => isAsking,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Resolves to true once the reader has signed in again; false: the request stays refused. */
  async signInAgain(): Promise<boolean> {
    if (!waiting) {
      if (await hasSession()) return false;
      waiting ??= makeWaiting();
    }
    return waiting.promise;
  },
  settle(signedIn: boolean): void {
    waiting?.settle(signedIn);
    waiting = undefined;
    tell(false);
  },
};

function makeWaiting() {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  tell(true);
  return { promise, settle: resolve };
}
