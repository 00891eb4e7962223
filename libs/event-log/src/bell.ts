/** Wakes followers. A ring between a follower's look and its wait is not lost: the wait says which ring it saw last. */
export class Bell {
  #rings = 0;
  readonly #waiting = new Set<() => void>();

  get rings(): number {
    return this.#rings;
  }

  ring(): void {
    this.#rings += 1;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves at the first ring after `seen`, when the time is up, or when the signal aborts. */
  async heard(seen: number, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#rings !== seen || signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake);
    });
  }
}
