import { createHash } from 'node:crypto';
import { reportCsv, UsageReports } from '@tollgate/billing';
import type { ReportGroup } from '@tollgate/contracts';
import type { Database } from '@tollgate/service-kit';
import type pg from 'pg';

/** Of what a part consists, and what that comes to. */
export interface Fingerprint {
  part: string;
  rows: number;
  sha256: string;
}

const GROUPS: ReportGroup[] = ['day', 'workspace', 'key', 'workflow'];
/** Everything there ever was. */
const ALWAYS = { fromMs: 0, toMs: Date.UTC(9999, 0) };

/** What must come out the same when it is folded from the same log: ledger and reports, run log and catalog. */
export async function fingerprintsOf(billing: Database, logs: Database): Promise<Fingerprint[]> {
  return [
    await reportsOf(billing),
    // When a row was entered is no part of the bill.
    await rowsOf('ledger', billing.pool, 'billing.ledger', 'event_id', `- 'entered_at'`),
    await rowsOf('totals', billing.pool, 'billing.payer_periods', 'period || payer_user_id'),
    await rowsOf('run log', logs.pool, 'logs.run_log', 'event_id'),
    await rowsOf('workflows', logs.pool, 'logs.workflows', 'workflow_id'),
  ];
}

/** Every payer's reports, by every grouping, as JSON and as CSV. */
async function reportsOf(billing: Database): Promise<Fingerprint> {
  const reports = new UsageReports(billing);
  const hash = createHash('sha256');
  const { rows: payers } = await billing.pool.query<{ id: string }>(
    'SELECT DISTINCT payer_user_id AS id FROM billing.payer_periods ORDER BY 1',
  );
  let count = 0;
  for (const { id } of payers) {
    for (const group of GROUPS) {
      const report = await reports.read({ userId: id, name: '', email: '' }, ALWAYS, group);
      hash.update(JSON.stringify(report)).update(reportCsv(report, group));
      count += 1;
    }
  }
  return { part: 'reports', rows: count, sha256: hash.digest('hex') };
}

/** Of all rows, to the letter, whatever the order in which they were written. */
async function rowsOf(part: string, pool: pg.Pool, table: string, key: string, without = ''): Promise<Fingerprint> {
  const client = await pool.connect();
  try {
    await client.query(`BEGIN; SET LOCAL timezone = 'UTC'; SET LOCAL statement_timeout = 0`);
    const { rows } = await client.query<{ rows: string; text: string | null }>(
      `SELECT count(*) AS rows, encode(sha256(convert_to(string_agg(hash, '' ORDER BY hash COLLATE "C"), 'UTF8')), 'hex') AS text
       FROM (SELECT md5(${key} || (to_jsonb(each) ${without})::text) AS hash FROM ${table} AS each) AS hashed`,
    );
    return { part, rows: Number(rows[0]?.rows), sha256: rows[0]?.text ?? createHash('sha256').digest('hex') };
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    client.release();
  }
}
