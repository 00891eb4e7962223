/** How long a claimed run id is refused to others (contract A1 row 10). */
export const CLAIM_MS = 24 * 60 * 60 * 1000;

/** Under pressure a claim may be forgotten after this: nobody repeats a request as late as that. */
export const CLAIM_MS_MIN = 60 * 60 * 1000;

export const CLAIMS_MAX = 1_000_000;

/** Claims dropped per new one: more than one, so that what is over ages away without ever holding up a request. */
const DROPS_PER_CLAIM = 2;

interface Claim {
  name: string;
  atMs: number;
}

/**
 * The run ids that callers chose, each with its payer, so that it starts one run of his. Remembered for 24 hours, at most
 * `claimsMax` of them (about 200 bytes each). At the bound the oldest make room once they are an hour old; if there is none, `hasRoom` is
 * false and the run has to be refused: to forget a younger one could run and bill a repeated request twice.
 */
export class ClaimedRunIds {
  private readonly claims = new Map<string, Claim>();
  /** In order of claiming, from `head` on. A claim that ran out and was made anew is in it twice, the first time stale. */
  private queue: Claim[] = [];
  private head = 0;

  constructor(private readonly claimsMax = CLAIMS_MAX) {}

  get count(): number {
    return this.claims.size;
  }

  has(name: string, nowMs: number): boolean {
    const claim = this.claims.get(name);
    return claim !== undefined && nowMs - claim.atMs < CLAIM_MS;
  }

  hasRoom(nowMs: number): boolean {
    return this.claims.size < this.claimsMax || this.oldestIsOlderThan(CLAIM_MS_MIN, nowMs);
  }

  /** Remembers a claim, by a name of payer and run id. */
  claim(name: string, atMs: number): void {
    for (let drops = 0; drops < DROPS_PER_CLAIM && this.oldestIsOlderThan(CLAIM_MS, atMs); drops++) this.dropOldest();
    while (this.claims.size >= this.claimsMax && this.head < this.queue.length) this.dropOldest();
    const claim = { name, atMs };
    this.claims.set(name, claim);
    this.queue.push(claim);
  }

  private oldestIsOlderThan(ageMs: number, nowMs: number): boolean {
    const oldest = this.queue[this.head];
    return oldest !== undefined && nowMs - oldest.atMs >= ageMs;
  }

  private dropOldest(): void {
    const oldest = this.queue[this.head];
    if (!oldest) return;
    if (this.claims.get(oldest.name) === oldest) this.claims.delete(oldest.name);
    this.head += 1;
    if (this.head > 1024 && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
  }
}
