const PERIOD_MS_MIN = 28 * 24 * 60 * 60 * 1000;

/** The billing period of an instant: its UTC month, `2026-11`. Periods compare as strings. */
export function periodOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 7);
}

/** First instant of a period, and of the one after it. */
export function periodBounds(period: string): { startMs: number; endMs: number } {
  const startMs = Date.parse(`${period}-01T00:00:00.000Z`);
  const withinNext = new Date(startMs + PERIOD_MS_MIN + 4 * 24 * 60 * 60 * 1000);
  return { startMs, endMs: Date.UTC(withinNext.getUTCFullYear(), withinNext.getUTCMonth(), 1) };
}

/** `periodOf` for a clock that is asked often: makes a new string once a month. */
export class PeriodClock {
  private period = '';
  private startMs = 0;
  private endMs = 0;

  periodOf(atMs: number): string {
    if (atMs < this.startMs || atMs >= this.endMs) {
      this.period = periodOf(atMs);
      ({ startMs: this.startMs, endMs: this.endMs } = periodBounds(this.period));
    }
    return this.period;
  }
}
