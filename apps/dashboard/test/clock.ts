import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const DAY_MS = 86_400_000;

/** Loaded into a process before anything else: from then on its `Date` is as far from the true one as a file says. */
const PRELOADED = `
import { readFileSync } from 'node:fs';
const True = Date;
const nowMs = () => True.now() + Number(readFileSync(process.env.CLOCK_FILE, 'utf8'));
globalThis.Date = class Date extends True {
  constructor(...given) { super(...(given.length === 0 ? [nowMs()] : given)); }
  static now() { return nowMs(); }
};`;

/** The clock of a platform's process, turned from outside: what it does then is in its log and on its bill of that day. */
export class TurnedClock {
  private readonly folder = mkdtempSync(join(tmpdir(), 'tollgate-clock-'));
  private readonly file = join(this.folder, 'ms');
  /** What the process must be started with. */
  readonly settings = {
    CLOCK_FILE: this.file,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(PRELOADED)}`,
  };

  constructor(daysAgo: number) {
    this.turn(daysAgo);
  }

  turn(daysAgo: number): void {
    writeFileSync(this.file, String(-daysAgo * DAY_MS));
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
