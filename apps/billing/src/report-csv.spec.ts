import type { Report, ReportRow } from '@tollgate/contracts';
import fc from 'fast-check';
import { harmless, reportCsv } from './report-csv.js';

const total = { requests: 3, durationMs: 120, cost: '0.015000' };
const report = (rows: ReportRow[]): Report => ({
  owner: { id: 'anna', name: 'Anna', email: 'anna@example.com' },
  from: '2026-11-01T00:00:00.000Z',
  to: '2026-12-01T00:00:00.000Z',
  currency: 'USD',
  rows: rows as Report['rows'],
  total,
  asOf: { position: '3', at: '2026-11-02T10:00:00.000Z' },
});
const workspaceCsv = (workspaceName: string) =>
  reportCsv(report([{ workspaceId: 'ws1', workspaceName, ...total }]), 'workspace');

describe('the csv form of a report', () => {
  test('given days, it has a header, a line for each row and a total line, each ended by CRLF', () => {
    expect(reportCsv(report([{ day: '2026-11-02', ...total }]), 'day')).toBe(
      'day,requests,durationMs,cost\r\n2026-11-02,3,120,0.015000\r\ntotal,3,120,0.015000\r\n',
    );
  });

  test('given runs without a key, their key cells are empty', () => {
    expect(reportCsv(report([{ keyId: null, keyName: null, keyType: null, ...total }]), 'key')).toBe(
      'keyId,keyName,keyType,requests,durationMs,cost\r\n,,,3,120,0.015000\r\ntotal,,,3,120,0.015000\r\n',
    );
  });

  test('given no rows, header and total are there all the same', () => {
    expect(reportCsv(report([]), 'workflow')).toBe(
      'workflowId,workflowName,requests,durationMs,cost\r\ntotal,,3,120,0.015000\r\n',
    );
  });

  test.each([
    ['a comma', 'a,b', '"a,b"'],
    ['quotes', 'say "no"', '"say ""no"""'],
    ['a line feed', 'a\nb', '"a\nb"'],
    ['a carriage return', 'a\rb', '"a\rb"'],
    ['other scripts', 'Прогноз 東京 😀', 'Прогноз 東京 😀'],
  ])('given a name with %s, it is quoted where RFC 4180 asks for it', (_what, name, cell) => {
    expect(workspaceCsv(name)).toContain(`\r\nws1,${cell},3,`);
  });

  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '＝1', '＋1', '－1', '＠x'])(
    'given the name %j, no spreadsheet takes it for a formula',
    (name) => {
      expect(harmless(name)).toBe(`'${name}`);
    },
  );

  test('given a formula with quotes and commas, it is made harmless and quoted', () => {
    expect(workspaceCsv('=HYPERLINK("http://x","y")')).toContain(`ws1,"'=HYPERLINK(""http://x"",""y"")",3,`);
  });

  test('given an id that begins with a minus sign, programs can still join on it', () => {
    expect(reportCsv(report([{ workspaceId: '-ws', workspaceName: 'Research', ...total }]), 'workspace')).toContain(
      '\r\n-ws,Research,',
    );
  });

  test('given any name, reading the csv back gives the name, with the apostrophe where it stands guard', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        const [, row] = readCsv(workspaceCsv(name));
        expect(row?.[1]).toBe(harmless(name));
        expect(row).toHaveLength(5);
      }),
    );
  });
});

/** A reader of RFC 4180, written apart from the writer. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  for (let match = cell.exec(text); match; match = cell.exec(text)) {
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '\r\n') {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}
