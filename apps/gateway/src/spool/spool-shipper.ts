import { type EventLog, PUBLISH_EVENTS_MAX, type WrittenEvent } from '@tollgate/event-log';
import type { Spool } from './spool.js';
import { SpoolCorrupted } from './journal-frame.js';
import type { SpoolBatch } from './spool-record.js';

export interface ShipperOptions {
  /** How long to gather what comes in before shipping it. Default 25, and 100 while there is much. */
  lingerMs?: number;
  /** Pause after the first failure; doubled with each further one up to `pauseMsMax`. Defaults 100 and 10,000. */
  pauseMs?: number;
  pauseMsMax?: number;
  /** Told of trouble: once when shipping begins to fail, once when it works again, and when it stops for good. */
  onTrouble?: (state: ShipperState) => void;
}

export interface ShipperState {
  status: 'stopped' | 'running' | 'retrying' | 'failed';
  /** Failures in a row. */
  failures: number;
  error?: string;
}

/** Half of what one publish takes, so that a batch read on top of it still fits. */
const EVENTS_MAX = PUBLISH_EVENTS_MAX / 2;

/** So many at once, and more is waiting already: nothing to gather. */
const MUCH_LEFT = EVENTS_MAX / 2;
const LINGER_MS = 25;
/** From so many events at once on, gathering longer is worth it. */
const BUSY_EVENTS = 20;
const BUSY_LINGER_MS = 100;

/**
 * Takes runs from the spool to the log: oldest first, batch by batch, removed only after the log has acknowledged them.
 * A crash between the two ships a batch again, which the log's unique ids make harmless. While the log is away it tries
 * for ever, with growing pauses. What cannot be read is not skipped and not tried again: it stops, and health turns red.
 */
export class SpoolShipper {
  private stateNow: ShipperState = { status: 'stopped', failures: 0 };
  private running: Promise<void> | undefined;
  private stopping = false;
  private wakeUp: (() => void) | undefined;
  private hasNew = true;

  constructor(
    private readonly spool: Spool,
    private readonly log: EventLog,
    private readonly options: ShipperOptions = {},
  ) {}

  get state(): ShipperState {
    return this.stateNow;
  }

  start(): void {
    if (this.running) return;
    this.stateNow = { status: 'running', failures: 0 };
    this.spool.onStored = () => {
      this.hasNew = true;
      this.wakeUp?.();
    };
    this.running = this.work();
  }

  /** Ships what is there, for at most `timeoutMs`, and ends. What is left is shipped at the next start. */
  async stop(timeoutMs: number): Promise<void> {
    if (!this.running) return;
    this.stopping = true;
    this.wakeUp?.();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    await Promise.race([this.running, late]);
    clearTimeout(timer);
  }

  private async work(): Promise<void> {
    for (;;) {
      try {
        const shipped = await this.shipSome();
        if (this.stateNow.failures > 0) this.enter({ status: 'running', failures: 0 });
        if (shipped > 0 && (this.stopping || shipped >= MUCH_LEFT)) continue;
        if (this.stopping) return this.enter({ status: 'stopped', failures: 0 });
        await this.pause(shipped);
      } catch (error) {
        const fault = error as Error;
        const failures = this.stateNow.failures + 1;
        if (fault instanceof SpoolCorrupted) return this.enter({ status: 'failed', failures, error: fault.message });
        this.enter({ status: 'retrying', failures, error: fault.message.slice(0, 300) });
        if (this.stopping) return;
        await this.pauseAfter(failures);
      }
    }
  }

  /** How many events it took. */
  private async shipSome(): Promise<number> {
    this.hasNew = false;
    const batches = this.spool.read(EVENTS_MAX);
    if (batches.length === 0) return 0;
    const events = eventsOf(batches);
    await this.log.publish(events);
    await this.spool.remove(batches);
    return events.length;
  }

  private enter(state: ShipperState): void {
    const changed = state.status !== this.stateNow.status;
    this.stateNow = state;
    if (changed) this.options.onTrouble?.(state);
  }

  /**
   * Until something was stored, and a little longer, so that what comes together is shipped together: a publish costs the
   * gateway and the log much the same for ten runs and for a hundred.
   */
  private async pause(shipped: number): Promise<void> {
    if (!this.hasNew) await this.sleep(undefined);
    if (this.stopping) return;
    await this.sleep(this.options.lingerMs ?? (shipped >= BUSY_EVENTS ? BUSY_LINGER_MS : LINGER_MS));
  }

  private async pauseAfter(failures: number): Promise<void> {
    const { pauseMs = 100, pauseMsMax = 10_000 } = this.options;
    await this.sleep(Math.min(pauseMsMax, pauseMs * 2 ** Math.min(failures - 1, 20)), false);
  }

  /** Sleeps for a time, or until woken; a stop always wakes. */
  private sleep(timeMs: number | undefined, wakeForNew = timeMs === undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeMs === undefined ? undefined : setTimeout(() => wake(true), timeMs);
      const wake = (late = false) => {
        if (!late && !wakeForNew && !this.stopping) return;
        clearTimeout(timer);
        this.wakeUp = undefined;
        resolve();
      };
      this.wakeUp = wake;
    });
  }
}

/** The events of batches, in order. Throws `SpoolCorrupted` for a text that is no event of a run. */
function eventsOf(batches: readonly SpoolBatch[]): WrittenEvent[] {
  const events: WrittenEvent[] = [];
  for (const batch of batches) {
    for (const run of batch.runs) for (const text of run.events) events.push(eventOf(batch, text));
  }
  return events;
}

/** How the gateway begins an event of a run (`run-events.ts`): read instead of parsing all of it. */
const HEAD =
  /^\{"specversion":"1\.0","id":"([^"\\]+)","source":"\/tollgate\/gateway","type":"(RequestBilled|RunFinished)","subject":"([^"\\]+)"/;

function eventOf({ end }: SpoolBatch, text: string): WrittenEvent {
  const head = HEAD.exec(text);
  if (!head || !text.endsWith('}}')) {
    throw new SpoolCorrupted(`${end.segment}:${end.offset}`, 'an event in it is not the event of a run');
  }
  const [, id = '', type = '', subject = ''] = head;
  return { id, type: type as WrittenEvent['type'], subject, text };
}
