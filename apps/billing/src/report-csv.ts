import type { Report, ReportGroup, ReportSplit } from '@tollgate/contracts';
import { stringify } from 'csv-stringify/sync';

/** Columns of each grouping, by the names that the JSON has (contract A3). */
export const REPORT_COLUMNS: Record<ReportGroup, readonly string[]> = {
  day: ['day', 'requests', 'durationMs', 'cost'],
  workspace: ['workspaceId', 'workspaceName', 'requests', 'durationMs', 'cost'],
  key: ['keyId', 'keyName', 'keyType', 'requests', 'durationMs', 'cost'],
  workflow: ['workflowId', 'workflowName', 'requests', 'durationMs', 'cost'],
};

/** What makes a spreadsheet take a cell for a formula, full-width forms included. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** Beside commas and quotes: any line break, and blanks at an end, which some readers cut off. */
const NEEDS_QUOTES = /[\r\n]|^\s|\s$/;

/**
 * A cell that people chose, made harmless: a leading apostrophe keeps a spreadsheet from running it. Ids are left as
 * they are, though one may begin with `-`: nobody chooses them, and programs join on them.
 */
export function harmless(name: string): string {
  return FORMULA.test(name) ? `'${name}` : name;
}

/** The report as RFC 4180: header, rows, and a last line `total`; quoted where needed, lines end in CRLF. */
export function reportCsv(report: Report, groupBy: ReportGroup, splitBy?: ReportSplit): string {
  const columns = splitBy === undefined ? REPORT_COLUMNS[groupBy] : ['day', ...REPORT_COLUMNS[splitBy]];
  const line = (row: Record<string, unknown>) =>
    columns.map((column) => {
      const cell = row[column];
      return typeof cell === 'string' && column.endsWith('Name') ? harmless(cell) : cell;
    });
  const total = { [columns[0]!]: 'total', ...report.total };
  return stringify([columns, ...report.rows.map(line), line(total)], {
    record_delimiter: '\r\n',
    quoted_match: NEEDS_QUOTES,
  });
}
