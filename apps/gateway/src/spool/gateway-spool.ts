import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Admission } from '@tollgate/access';
import { EventLog } from '@tollgate/event-log';
import { Config, Health, Log, makeDataFolder, Metrics } from '@tollgate/service-kit';
import { Gauge } from 'prom-client';
import { type Kept, Spool } from './spool.js';
import type { SpoolRun } from './spool-record.js';
import { SpoolShipper } from './spool-shipper.js';

/** How long a stop ships what is left; the rest is shipped at the next start. */
const SHIP_AT_STOP_MS = 5_000;
/** How long a start waits for the log to take what an earlier process left. */
const SHIP_AT_START_MS = 30_000;

/** This gateway's spool and shipper: opened before the first request, with what a killed process left held in the budgets. */
@Injectable()
export class GatewaySpool implements OnModuleInit, OnApplicationShutdown {
  private readonly spool: Spool;
  private readonly shipper: SpoolShipper;

  constructor(
    config: Config,
    eventLog: EventLog,
    log: Log,
    health: Health,
    metrics: Metrics,
    private readonly admission: Admission,
  ) {
    makeDataFolder(config.DATA_DIR);
    const spool = Spool.open({
      dir: join(config.DATA_DIR, 'spool'),
      runsMax: config.SPOOL_RUNS_MAX,
      flushed: config.SPOOL_SYNC === 'disk',
    });
    this.spool = spool;
    this.shipper = new SpoolShipper(spool, eventLog, {
      onTrouble: (state) => {
        if (state.status === 'failed') log.error('the spool stopped: its content is damaged', { ...state });
        else if (state.status === 'retrying')
          log.warn('the log does not take runs; they wait in the spool', { ...state });
        else log.info('the spool ships again', { ...state });
      },
    });
    health.add('spool', () => {
      const { status, failures, error } = this.shipper.state;
      const refusal = spool.refusal(0);
      return {
        ok: status !== 'failed' && refusal === undefined,
        status,
        runs: spool.depth,
        ...(failures > 0 && { failures }),
        ...((refusal ?? error) && { reason: refusal ?? error }),
      };
    });
    new Gauge({
      name: 'tollgate_spool_runs',
      help: 'Runs on their way to the log',
      registers: [metrics.registry],
      collect() {
        this.set(spool.depth);
      },
    });
    new Gauge({
      name: 'tollgate_spool_oldest_seconds',
      help: 'Age of the oldest run on its way to the log',
      registers: [metrics.registry],
      collect() {
        const oldestAtMs = spool.oldestAtMs();
        this.set(oldestAtMs === undefined ? 0 : Math.max(0, (Date.now() - oldestAtMs) / 1_000));
      },
    });
  }

  /**
   * What a killed process left goes to the log before the first request, so that billing counts it itself; while the log
   * is away its costs are held against the budgets instead.
   */
  async onModuleInit(): Promise<void> {
    this.shipper.start();
    const deadline = performance.now() + SHIP_AT_START_MS;
    while (this.spool.depth > 0 && performance.now() < deadline && this.shipper.state.status === 'running')
      await sleep(5);
    for (const run of this.spool.unshipped()) void this.admission.finish(run.runId, run.payerUserId, run.costMicros);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.shipper.stop(SHIP_AT_STOP_MS);
    await this.spool.close();
  }

  /** See `Spool.refusal`. */
  refusal(runsUnderWay: number): string | undefined {
    return this.spool.refusal(runsUnderWay);
  }

  /** See `Spool.attemptRefusal`. */
  attemptRefusal(): string | undefined {
    return this.spool.attemptRefusal();
  }

  /** See `Spool.isClaimed`. */
  isClaimed(payerUserId: string, runId: string): boolean {
    return this.spool.isClaimed(payerUserId, runId);
  }

  /** See `Spool.put`. */
  put(run: SpoolRun, claimed: boolean, kept: Kept): void {
    this.spool.put(run, claimed, kept);
  }
}
