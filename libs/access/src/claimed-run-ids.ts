/** How long a claimed run id is refused to others (contract A1 row 10). */
export const CLAIM_MS = 24 * 60 * 60 * 1000;

/** Under pressure a claim may be forgotten after this; nobody repeats a request as late as that. */
export const CLAIM_MS_MIN = 60 * 60 * 1000;

export const CLAIMS_MAX = 1_000_000;

/** Claims dropped per new one: more than one, so that what is over ages away without ever holding up a request. */
const DROPS_PER_CLAIM = 2;

/**
 * The run ids that callers chose, so that each starts one run. Remembered for 24 hours, at most `claimsMax` of them
 * (about 150 bytes each). At the bound the oldest make room once they are an hour old; if there is none, `hasRoom` is
 * false and the run has to be refused: to forget a younger one could run and bill a repeated request twice.
 */
export class ClaimedRunIds {
  private readonly atMsOf = new Map<string, number>();
  /** In order of claiming, from `head` on; what is before `head` was dropped. */
  private queue: string[] = [];
  private head = 0;

  constructor(private readonly claimsMax = CLAIMS_MAX) {}

  has(runId: string, nowMs: number): boolean {
    const atMs = this.atMsOf.get(runId);
    return atMs !== undefined && nowMs - atMs < CLAIM_MS;
  }

  hasRoom(nowMs: number): boolean {
    return this.atMsOf.size < this.claimsMax || this.oldestIsOlderThan(CLAIM_MS_MIN, nowMs);
  }

  /** Remembers a claim; `atMs` in the past for claims that are read back after a restart, oldest first. */
  claim(runId: string, atMs: number): void {
    for (let drops = 0; drops < DROPS_PER_CLAIM && this.oldestIsOlderThan(CLAIM_MS, atMs); drops++) this.dropOldest();
    if (this.atMsOf.size >= this.claimsMax) this.dropOldest();
    // A claim that ran out and is made anew keeps its old place in the queue, which only makes it leave earlier.
    if (!this.atMsOf.has(runId)) this.queue.push(runId);
    this.atMsOf.set(runId, atMs);
  }

  get count(): number {
    return this.atMsOf.size;
  }

  private oldestIsOlderThan(ageMs: number, nowMs: number): boolean {
    const oldest = this.queue[this.head];
    return oldest !== undefined && nowMs - this.atMsOf.get(oldest)! >= ageMs;
  }

  private dropOldest(): void {
    const oldest = this.queue[this.head];
    if (oldest === undefined) return;
    this.atMsOf.delete(oldest);
    this.head += 1;
    if (this.head > 1024 && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
  }
}
