import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Config, faultOf, Log } from '@tollgate/service-kit';
import { PgBoss } from 'pg-boss';
import type pg from 'pg';

/** pg-boss's tables, beside the gateway's own. */
const QUEUE_SCHEMA = 'gateway_queue';
const QUEUE = 'runs';
const CONNECTIONS_MAX = 4;

/** A gateway that is silent for so long has lost its runs to the others (pg-boss allows no less). */
export const HEARTBEAT_SECONDS = 10;
/** How often the gateways look for silent ones. */
const WATCH_SECONDS = 2;
/** After which pg-boss takes a run for lost although its gateway lives; it allows no more than a day. */
const EXPIRE_SECONDS = 24 * 60 * 60;
/** Longest that a queued run may take: pg-boss's bound, less what recording it may need. */
export const JOB_TIMEOUT_MS_MAX = (EXPIRE_SECONDS - 300) * 1000;
/** A run given back waits so long before it is handed out again. */
const AGAIN_SECONDS = 1;
/** Attempts are counted in the jobs table: pg-boss counts a run that found no free slot as one, too. */
const RETRIES_MAX = 1_000_000;
/** What pg-boss keeps of ended ones; the jobs table is what tells about them. */
const KEEP_ENDED_SECONDS = 60;
const KEEP_QUEUED_SECONDS = 30 * 24 * 60 * 60;

/** A run that was handed to this gateway, for as long as it says that it has it. */
export interface Delivery {
  jobId: string;
  payerUserId: string | null;
  /** pg-boss's number of the hand-out: what a gateway that lost the run says about it later counts for nothing. */
  retryCount: number;
}

/** The queue of runs: pg-boss on the gateway's database. At least once: every run is handed out until it is said to be done. */
@Injectable()
export class JobQueue implements OnModuleInit, OnApplicationShutdown {
  private readonly boss: PgBoss;

  constructor(config: Config, log: Log) {
    this.boss = new PgBoss({
      connectionString: config.DATABASE_URL ?? '',
      schema: QUEUE_SCHEMA,
      application_name: 'tollgate-queue',
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: 10_000,
      schedule: false,
      superviseIntervalSeconds: WATCH_SECONDS,
      monitorIntervalSeconds: WATCH_SECONDS,
      registerInstance: false,
      openTelemetry: { enabled: false },
    });
    this.boss.on('error', (error) => log.warn('the queue of runs has trouble', { fault: faultOf(error) }));
  }

  async onModuleInit(): Promise<void> {
    await this.boss.start();
    await this.boss.createQueue(QUEUE, {
      heartbeatSeconds: HEARTBEAT_SECONDS,
      expireInSeconds: EXPIRE_SECONDS,
      retryLimit: RETRIES_MAX,
      retryDelay: AGAIN_SECONDS,
      retentionSeconds: KEEP_QUEUED_SECONDS,
      deleteAfterSeconds: KEEP_ENDED_SECONDS,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.boss.stop({ graceful: false });
  }

  /** Queues a run in the transaction of `client`: it is there when that commits, and only then. */
  async send(client: pg.ClientBase, jobId: string, payerUserId: string): Promise<void> {
    const sent = await this.boss.send(QUEUE, null, { id: jobId, group: { id: payerUserId }, db: sqlOf(client) });
    if (sent === null) throw new Error('the queue did not take the run');
  }

  /** At most `countMax` runs, the longest waiting first, none of the payers in `except`. */
  async take(countMax: number, except: string[]): Promise<Delivery[]> {
    const jobs = await this.boss.fetch(QUEUE, { batchSize: countMax, ignoreGroups: except });
    return jobs.map(({ id, groupId, retryCount }) => ({ jobId: id, payerUserId: groupId ?? null, retryCount }));
  }

  /** Says that these are still being run: to be repeated within `HEARTBEAT_SECONDS`. */
  async keep(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length > 0) await this.boss.touch(QUEUE, deliveries.map(attemptOf));
  }

  /** Done; with `client` in its transaction. */
  async done(delivery: Delivery, client?: pg.ClientBase): Promise<void> {
    await this.boss.complete(QUEUE, attemptOf(delivery), null, client && { db: sqlOf(client) });
  }

  /** To be handed out again, in a second or so. */
  async giveBack(delivery: Delivery): Promise<void> {
    await this.boss.fail(QUEUE, attemptOf(delivery));
  }

  /** What a killed process of this gateway had: handed out again without waiting for its silence to be noticed. */
  async giveBackAll(jobIds: string[]): Promise<void> {
    if (jobIds.length > 0) await this.boss.fail(QUEUE, jobIds);
  }

  /** Takes a run out that nobody has begun. */
  async drop(jobId: string, client: pg.ClientBase): Promise<void> {
    await this.boss.cancel(QUEUE, jobId, { db: sqlOf(client) });
  }
}

function attemptOf({ jobId, retryCount }: Delivery): { id: string; retryCount: number } {
  return { id: jobId, retryCount };
}

function sqlOf(client: pg.ClientBase) {
  return { executeSql: (text: string, values?: unknown[]) => client.query(text, values) };
}
