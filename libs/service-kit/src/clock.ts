/** Time as a thing that is handed in: tests turn it by hand. */
export abstract class Clock {
  abstract nowMs(): number;
  now(): Date {
    return new Date(this.nowMs());
  }
  /** ISO 8601 with milliseconds, UTC. */
  nowIso(): string {
    return this.now().toISOString();
  }
}

export class SystemClock extends Clock {
  override nowMs(): number {
    return Date.now();
  }
}
