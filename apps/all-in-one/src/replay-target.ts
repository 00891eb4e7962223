import { addressOf } from '@tollgate/service-kit';
import pg from 'pg';

const DATABASE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/**
 * The address of the database to rebuild into: a URL, or the name of one on the source's server, which is made when it is
 * not there. Throws when anything is in it: a rebuild begins with nothing.
 */
export async function emptyTarget(into: string, sourceUrl: string): Promise<string> {
  const url = /^postgres(ql)?:\/\//.test(into) ? into : await namedDatabase(into, sourceUrl);
  const found = await on(url, async (client) => {
    const { rows } = await client.query<{ schema: string; tables: string }>(
      `SELECT table_schema AS schema, count(*) AS tables FROM information_schema.tables
       WHERE table_schema NOT IN ('pg_catalog', 'information_schema') GROUP BY 1 ORDER BY 1`,
    );
    return rows.map(({ schema, tables }) => `${schema} (${tables} tables)`);
  });
  if (found.length === 0) return url;
  throw new Error(
    `--into: ${addressOf(url)} is not empty, it has ${found.join(', ')}. Name an empty or a new database.`,
  );
}

async function namedDatabase(name: string, sourceUrl: string): Promise<string> {
  if (!DATABASE_NAME.test(name)) throw new Error('--into: must be a postgres:// URL, or the name of a database');
  await on(sourceUrl, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE "${name}"`);
  });
  const url = new URL(sourceUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Until it is over, a commit need not wait for the disk: what a crash takes away is rebuilt by the next try. */
export async function withoutWaitingForTheDisk<T>(url: string, work: () => Promise<T>): Promise<T> {
  const set = (setting: string) =>
    on(url, async (client) => {
      const { rows } = await client.query<{ name: string }>('SELECT quote_ident(current_database()) AS name');
      await client.query(`ALTER DATABASE ${rows[0]?.name} ${setting}`);
    });
  await set('SET synchronous_commit = off');
  try {
    return await work();
  } finally {
    await set('RESET synchronous_commit');
    await on(url, (client) => client.query('CHECKPOINT').catch(() => undefined));
  }
}

/** Indexes of a schema that hold no row together but only find it sooner; those of a partitioned table, not of its parts. */
const READERS_INDEXES_SQL = `
  SELECT format('%I.%I', schema.nspname, relation.relname) AS name, pg_get_indexdef(relation.oid) AS definition
  FROM pg_index AS entry JOIN pg_class AS relation ON relation.oid = entry.indexrelid
  JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
  WHERE schema.nspname = ANY ($1::text[]) AND NOT entry.indisunique AND NOT relation.relispartition`;

/**
 * Runs `work` without the indexes that only readers need, and builds them after it: at once that costs a fraction of what
 * it costs row by row.
 */
export async function withoutReadersIndexes<T>(url: string, schemas: string[], work: () => Promise<T>): Promise<T> {
  const indexes = await on(url, async (client) => {
    const { rows } = await client.query<{ name: string; definition: string }>(READERS_INDEXES_SQL, [schemas]);
    for (const { name } of rows) await client.query(`DROP INDEX ${name}`);
    return rows;
  });
  try {
    return await work();
  } finally {
    await on(url, async (client) => {
      // Of a partitioned table it is told as if for itself alone; all its parts are meant.
      for (const { definition } of indexes) await client.query(definition.replace(' ON ONLY ', ' ON '));
    });
  }
}

async function on<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
  } catch (error) {
    throw new Error(`Cannot use the database at ${addressOf(url)}: ${(error as Error).message}`, { cause: error });
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
