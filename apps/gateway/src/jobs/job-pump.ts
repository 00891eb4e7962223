import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Config, faultOf, Health, Log } from '@tollgate/service-kit';
import { type Delivery, HEARTBEAT_SECONDS, JobQueue } from './job-queue.js';
import { JobRecovery } from './job-recovery.js';
import { RunJob } from './run-job.js';

/** How often the queue is asked while there is room: runs that this gateway queued itself wake it at once. */
const LOOK_MS = 1_000;
/** How often running runs are looked at: whether somebody asked to cancel them, and to say that they are still here. */
const WATCH_MS = 1_000;
const SWEEP_MS = 10 * 60 * 1000;
const KEEP_MS = (HEARTBEAT_SECONDS * 1000) / 4;
/** A payer whose runs found no free place is not asked for again so soon. */
const BUSY_PAYER_MS = 1_000;
/** How long a stop waits for runs to end by themselves before they go back to the queue. */
const STOP_GRACE_MS = 2_000;
const STOP_MAX_MS = 5_000;

/**
 * Takes runs from the queue and has them run, at most `JOB_WORKERS` at a time on this gateway, the longest waiting first; a
 * payer who has more than half of these places lets others pass. A stop gives what still runs back to the queue.
 */
@Injectable()
export class JobPump implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly running = new Map<string, { delivery: Delivery; ended: Promise<void> }>();
  private readonly busyUntilMs = new Map<string, number>();
  private timers: NodeJS.Timeout[] = [];
  private looking: Promise<void> | undefined;
  private lookAgain = false;
  private stopping = false;
  private trouble: string | undefined;

  constructor(
    private readonly queue: JobQueue,
    private readonly runJob: RunJob,
    private readonly recovery: JobRecovery,
    private readonly config: Config,
    private readonly log: Log,
    health: Health,
  ) {
    health.add('jobs', () => ({
      ok: this.trouble === undefined,
      running: this.running.size,
      ...(this.trouble !== undefined && { reason: this.trouble }),
    }));
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.recovery.recover();
    this.timers = [
      setInterval(() => this.wake(), LOOK_MS),
      setInterval(() => void this.attend(() => this.runJob.cancelAsked()), WATCH_MS),
      setInterval(() => void this.attend(() => this.recovery.sweep()), SWEEP_MS),
      setInterval(() => void this.attend(() => this.queue.keep(this.deliveries())), KEEP_MS),
    ];
    this.wake();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    for (const timer of this.timers) clearInterval(timer);
    await this.looking;
    await this.ended(STOP_GRACE_MS);
    this.runJob.giveUpAll();
    await this.ended(STOP_MAX_MS);
  }

  /** There may be something to run. */
  wake(): void {
    if (this.stopping) return;
    if (this.looking) {
      this.lookAgain = true;
      return;
    }
    this.looking = this.attend(() => this.look()).finally(() => {
      this.looking = undefined;
      if (this.lookAgain) this.wake();
    });
  }

  private async look(): Promise<void> {
    this.lookAgain = false;
    const room = this.config.JOB_WORKERS - this.running.size;
    if (room <= 0) return;
    const busy = this.busyPayers();
    const greedy = this.greedyPayers();
    let taken = await this.queue.take(room, [...busy, ...greedy]);
    if (taken.length === 0 && greedy.length > 0) taken = await this.queue.take(room, busy);
    for (const delivery of taken) this.start(delivery);
  }

  private start(delivery: Delivery): void {
    const running = this.running.get(delivery.jobId);
    if (running) {
      // It was taken for lost while it went on here: it goes on, under the number of the new hand-out.
      Object.assign(running.delivery, delivery);
      return;
    }
    const ended = this.runJob
      .run(delivery)
      .then((outcome) => {
        if (outcome === 'noPlace' && delivery.payerUserId !== null) {
          this.busyUntilMs.set(delivery.payerUserId, performance.now() + BUSY_PAYER_MS);
        }
      })
      .catch((error: Error) =>
        this.log.error('a queued run goes back to the queue', { jobId: delivery.jobId, fault: faultOf(error) }),
      )
      .finally(() => {
        this.running.delete(delivery.jobId);
        this.wake();
      });
    this.running.set(delivery.jobId, { delivery, ended });
  }

  private busyPayers(): string[] {
    const nowMs = performance.now();
    for (const [payer, untilMs] of this.busyUntilMs) if (untilMs <= nowMs) this.busyUntilMs.delete(payer);
    return [...this.busyUntilMs.keys()];
  }

  private greedyPayers(): string[] {
    const places = new Map<string, number>();
    for (const { payerUserId } of this.deliveries()) {
      if (payerUserId !== null) places.set(payerUserId, (places.get(payerUserId) ?? 0) + 1);
    }
    return [...places].filter(([, count]) => count > this.config.JOB_WORKERS / 2).map(([payer]) => payer);
  }

  private deliveries(): Delivery[] {
    return [...this.running.values()].map(({ delivery }) => delivery);
  }

  /** Until all have ended, `timeoutMs` at most. */
  private async ended(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    await Promise.race([Promise.all([...this.running.values()].map(({ ended }) => ended)), late]);
    clearTimeout(timer);
  }

  /** A database that is away is told once, and tried again in a second. */
  private async attend(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      if (this.trouble !== undefined) this.log.info('the queue of runs works again', {});
      this.trouble = undefined;
    } catch (error) {
      if (this.trouble === undefined) this.log.warn('the queue of runs cannot be asked', { fault: faultOf(error) });
      this.trouble = (error as Error).message.slice(0, 300);
    }
  }
}
