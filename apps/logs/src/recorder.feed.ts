import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { LoggedEvent } from '@tollgate/contracts';
import { EventLog, PgCheckpointStore, sqlOfTypeOrm } from '@tollgate/event-log';
import type { Follower, Following, SqlSession } from '@tollgate/event-log';
import { Clock, Health } from '@tollgate/service-kit';
import type pg from 'pg';
import { LogsDatabase } from './logs-database.js';
import { monthOf, monthsAhead, Partitions } from './partitions.js';
import { rowOf } from './run-row.js';
import { writeRuns } from './run-writer.js';

/** Runs recorded in one transaction. */
const BATCH_EVENTS_MAX = 1_000;

/**
 * RunFinished → run log. The rows and the checkpoint are one transaction, and a run id enters once: every run that is in
 * the log of facts is in the run log exactly once, whatever is delivered again. Nothing is ever changed or deleted here:
 * a bill must equal the log.
 */
export function recorder(pool: pg.Pool, partitions = new Partitions()): Follower {
  return {
    name: 'logs-recorder',
    topics: ['runs'],
    checkpoint: new PgCheckpointStore(pool, 'logs.checkpoints'),
    batchEventsMax: BATCH_EVENTS_MAX,
    handle: (events, transaction) => record(events, transaction as SqlSession, partitions),
  };
}

async function record(events: readonly LoggedEvent[], sql: SqlSession, partitions: Partitions): Promise<void> {
  const rows = events.flatMap((event) => (event.type === 'RunFinished' ? [rowOf(event)] : []));
  await partitions.ensure(
    sql,
    rows.flatMap((row) => monthOf(row.startedAt) ?? []),
  );
  await writeRuns(sql, rows);
}

/** Keeps the recorder running as long as the service does. */
@Injectable()
export class RecorderFeed implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private following: Following | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly database: LogsDatabase,
    private readonly health: Health,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const partitions = new Partitions();
    await this.database.transaction((manager) =>
      partitions.ensure(sqlOfTypeOrm(manager), monthsAhead(this.clock.nowMs())),
    );
    this.following = this.log.follow(recorder(this.database.pool, partitions));
    this.health.addFollower(this.following);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.following?.stop();
  }
}
