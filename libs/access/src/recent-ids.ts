/** The last so many ids that were added; the oldest is forgotten for each new one. */
export class RecentIds {
  private readonly known = new Set<string>();
  private readonly ring: string[] = [];
  private next = 0;

  constructor(private readonly idsMax: number) {}

  has(id: string): boolean {
    return this.known.has(id);
  }

  add(id: string): void {
    if (this.known.has(id)) return;
    const forgotten = this.ring[this.next];
    if (forgotten !== undefined) this.known.delete(forgotten);
    this.ring[this.next] = id;
    this.known.add(id);
    this.next = (this.next + 1) % this.idsMax;
  }
}
