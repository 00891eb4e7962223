import type { SqlSession } from '@tollgate/event-log';

/** Months outside these go to the two catch-all partitions: only a broken clock names them. */
const FIRST_MONTH = '2020-01';
const LAST_MONTH = '2099-12';

/** Months made ahead at a start, the present one included; any other is made when its first run arrives. */
const MONTHS_AHEAD = 3;

const LOCK_SQL = `SELECT pg_advisory_xact_lock(hashtext('tollgate-logs-partitions'))`;

/** The UTC month of an instant in ISO form, `2026-11`; undefined when a catch-all partition holds it. */
export function monthOf(startedAt: string): string | undefined {
  const month = startedAt.slice(0, 7);
  return month < FIRST_MONTH || month > LAST_MONTH ? undefined : month;
}

/** The months that a start makes ahead. */
export function monthsAhead(nowMs: number): string[] {
  const now = new Date(nowMs);
  return Array.from({ length: MONTHS_AHEAD }, (_, ahead) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1)).toISOString(),
  ).flatMap((first) => monthOf(first) ?? []);
}

/** Makes the monthly partitions of `logs.run_log`. Remembers only what it saw committed, since its caller may roll back. */
export class Partitions {
  readonly #known = new Set<string>();

  /**
   * Makes the partitions that are missing, inside the caller's transaction. A month is made apart and then attached:
   * that lock lets readers of the log go on, where `CREATE … PARTITION OF` would stop them until the commit.
   */
  async ensure(sql: SqlSession, months: Iterable<string>): Promise<void> {
    const unknown = [...new Set(months)].filter((month) => !this.#known.has(month));
    if (unknown.length === 0) return;
    await sql.rows(LOCK_SQL);
    const there = await attachedOf(sql, unknown);
    for (const month of unknown) {
      if (there.has(month)) this.#known.add(month);
      else await make(sql, month);
    }
  }
}

async function attachedOf(sql: SqlSession, months: readonly string[]): Promise<Set<string>> {
  const rows = await sql.rows<{ name: string }>(
    `SELECT child.relname AS name FROM pg_inherits
     JOIN pg_class AS child ON child.oid = inhrelid
     WHERE inhparent = 'logs.run_log'::regclass AND child.relname = ANY ($1::text[])`,
    [months.map(nameOf)],
  );
  const names = new Set(rows.map((row) => row.name));
  return new Set(months.filter((month) => names.has(nameOf(month))));
}

async function make(sql: SqlSession, month: string): Promise<void> {
  const table = `logs.${nameOf(month)}`;
  const [year = 0, ordinal = 0] = month.split('-').map(Number);
  const end = new Date(Date.UTC(year, ordinal, 1)).toISOString();
  await sql.rows(
    `CREATE TABLE ${table} (LIKE logs.run_log INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)`,
  );
  await sql.rows(
    `ALTER TABLE logs.run_log ATTACH PARTITION ${table} FOR VALUES FROM ('${month}-01T00:00:00Z') TO ('${end}')`,
  );
}

function nameOf(month: string): string {
  return `run_log_${month.replace('-', '_')}`;
}
