import pg from 'pg';
import { DataSource, type EntityManager, type MixedList } from 'typeorm';

export interface DatabaseOptions {
  url: string;
  /** The service's own schema; made when missing. */
  schema: string;
  poolMax: number;
  entities?: MixedList<new () => object>;
  migrations: (new () => object)[];
}

/** Connections of the pool that feeds use; commands and queries have `poolMax` of their own. */
const FEED_POOL_MAX = 4;

/** Longest time one statement may take, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 30_000;

/**
 * One service's part of the database: its schema, a TypeORM data source for commands and everyday queries, and a pg
 * pool for feeds. Opening it runs the service's migrations, one process at a time.
 */
export class Database {
  protected constructor(
    readonly source: DataSource,
    readonly pool: pg.Pool,
    readonly schema: string,
  ) {}

  /** Throws an error that names the address (without its password) when the database cannot be reached. */
  static async open(options: DatabaseOptions): Promise<Database> {
    const { url, schema } = options;
    const pool = new pg.Pool({
      connectionString: url,
      max: FEED_POOL_MAX,
      application_name: `tollgate-${schema}`,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      connectionTimeoutMillis: 10_000,
      options: `-c search_path=${schema},public`,
    });
    // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
    pool.on('error', () => undefined);
    const source = new DataSource({
      type: 'postgres',
      url,
      schema,
      entities: options.entities ?? [],
      migrations: options.migrations,
      migrationsTableName: 'migrations',
      migrationsTransactionMode: 'each',
      logging: false,
      poolSize: options.poolMax,
      applicationName: `tollgate-${schema}`,
      extra: {
        statement_timeout: STATEMENT_TIMEOUT_MS,
        connectionTimeoutMillis: 10_000,
        options: `-c search_path=${schema},public`,
      },
    });
    try {
      await migrate(pool, source, schema);
    } catch (error) {
      await pool.end();
      if (source.isInitialized) await source.destroy();
      throw new Error(`Cannot use the database at ${addressOf(url)}: ${(error as Error).message}`, { cause: error });
    }
    return new Database(source, pool, schema);
  }

  /** Runs `work` in one transaction of the data source. */
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.source.transaction(work);
  }

  async close(): Promise<void> {
    if (this.source.isInitialized) await this.source.destroy();
    if (!this.pool.ended) await this.pool.end();
  }
}

/** Two processes of one service may start together: an advisory lock lets one migrate while the other waits. */
async function migrate(pool: pg.Pool, source: DataSource, schema: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(hashtext($1))`, [`tollgate-migrate-${schema}`]);
    await client.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
    await source.initialize();
    await refuseNewerMigrations(client, source, schema);
    await source.runMigrations();
  } finally {
    await client.query(`SELECT pg_advisory_unlock_all()`).catch(() => undefined);
    client.release();
  }
}

/** A database that a newer version has migrated must not be written by this one. */
async function refuseNewerMigrations(client: pg.PoolClient, source: DataSource, schema: string): Promise<void> {
  const { rows: table } = await client.query(`SELECT to_regclass($1) AS found`, [`"${schema}".migrations`]);
  if (!table[0]?.found) return;
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM "${schema}".migrations`);
  const known = new Set(source.migrations.map((migration) => migration.name ?? migration.constructor.name));
  const unknown = rows.map((row) => row.name).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Error(
      `schema "${schema}" has migrations this version does not know (${unknown.join(', ')}): start the newer version`,
    );
  }
}

/** Host, port and database of a URL, without user and password. */
export function addressOf(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname}:${port || '5432'}${pathname}`;
  } catch {
    return 'an address that is not a URL';
  }
}

/** All databases a process has opened, so that they close last, after everything that may still write. */
export class Databases {
  private readonly opened: Database[] = [];

  async open(options: DatabaseOptions): Promise<Database> {
    const database = await Database.open(options);
    this.opened.push(database);
    return database;
  }

  get all(): readonly Database[] {
    return this.opened;
  }

  async close(): Promise<void> {
    await Promise.all(this.opened.splice(0).map((database) => database.close()));
  }
}
