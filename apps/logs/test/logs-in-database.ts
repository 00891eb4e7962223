import { inPgTransaction, sqlOfPg } from '@tollgate/event-log';
import type { Follower } from '@tollgate/event-log';
import type { LoggedEvent } from '@tollgate/contracts';
import { Database } from '@tollgate/service-kit';
import type { LogsDatabase } from '../src/logs-database.js';
import { LOGS_MIGRATIONS } from '../src/logs-database.js';
import { recorder } from '../src/recorder.feed.js';
import { freshDatabase } from '@tollgate/testing';

/** The logs' schema in a database of its own, without the service around it. */
export async function logsInDatabase() {
  const own = await freshDatabase();
  const database = (await Database.open({
    url: own.url,
    schema: 'logs',
    poolMax: 6,
    migrations: LOGS_MIGRATIONS,
  })) as LogsDatabase;
  return {
    url: own.url,
    database,
    pool: database.pool,
    /** Hands a batch to a follower as the log would, in one transaction. */
    deliver: (events: LoggedEvent[], follower: Follower = recorder(database.pool)) =>
      inPgTransaction(database.pool, 'BEGIN', (client) => follower.handle(events, sqlOfPg(client))),
    /** Every row, to the letter, in a fixed order. */
    rows: async () =>
      (
        await database.pool.query<{ row: string }>(
          `SELECT to_jsonb(run_log)::text AS row FROM logs.run_log ORDER BY run_id, started_at`,
        )
      ).rows.map(({ row }) => row),
    close: async () => {
      await database.close();
      await own.drop();
    },
  };
}
