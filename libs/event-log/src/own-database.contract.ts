import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { eventually } from '@tollgate/testing';
import type { EventLogLogger } from './event-log-logger.js';
import type { OpenTransaction } from './harness.contract.js';
import { sqlOfPg } from './sql-session.js';

/** A database of one spec, made on the server at `serverUrl` and dropped after. */
export class OwnDatabase {
  private constructor(
    private readonly serverUrl: string,
    private readonly name: string,
    readonly url: string,
    readonly pool: pg.Pool,
  ) {}

  static async create(serverUrl: string | undefined): Promise<OwnDatabase> {
    if (!serverUrl) {
      throw new Error('TEST_DATABASE_URL is not set: this spec needs the superuser URL of a running PostgreSQL');
    }
    const name = `event_log_${randomBytes(6).toString('hex')}`;
    await onServer(serverUrl, `CREATE DATABASE ${name}`);
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    const pool = new pg.Pool({ connectionString: url.href, max: 20 });
    pool.on('error', () => undefined);
    return new OwnDatabase(serverUrl, name, url.href, pool);
  }

  async drop(): Promise<void> {
    await this.pool.end();
    await onServer(this.serverUrl, `DROP DATABASE ${this.name} WITH (FORCE)`);
  }

  async begin(): Promise<OpenTransaction & { pid: number }> {
    const client = await this.pool.connect();
    client.on('error', ignore);
    await client.query('BEGIN');
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const end = (verb: string) => async () => {
      await client.query(verb).finally(() => {
        client.off('error', ignore);
        client.release();
      });
    };
    return { session: sqlOfPg(client), pid: rows[0]?.pid ?? 0, commit: end('COMMIT'), rollback: end('ROLLBACK') };
  }

  /** Whether the backend waits for an advisory lock. */
  async waitsForAdvisoryLock(pid: number): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND pid = $1`,
      [pid],
    );
    return rowCount === 1;
  }

  /** The backend of the LISTEN connection, once it listens. */
  async listenerPid(): Promise<number> {
    return eventually(async () => {
      const { rows } = await this.pool.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity
         WHERE datname = $1 AND application_name = 'tollgate event-log listener' AND query LIKE 'LISTEN%' AND state = 'idle'`,
        [this.name],
      );
      if (!rows[0]) throw new Error('Nobody listens');
      return rows[0].pid;
    });
  }
}

/** A logger that remembers what it was told. */
export function rememberingLogger() {
  const lines: { level: string; detail: object; message: string }[] = [];
  const at = (level: string) => (detail: object, message: string) => void lines.push({ level, detail, message });
  const log: EventLogLogger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { lines, log };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

function ignore(): void {}
