import type { FaultResult } from './fault-run.js';

const COLUMNS: [string, (result: FaultResult) => string | number][] = [
  ['fault', ({ fault, missed }) => (missed === undefined ? fault : `${fault}: MISSED, ${missed}`)],
  ['runs answered', (result) => result.answered],
  ['refused or unanswered', (result) => result.unanswered],
  ['difference of answers, bill and log', (result) => result.difference],
  ['keys revoked with a receipt', (result) => result.revoked],
  ['admitted after it', (result) => result.admittedRevoked],
  ['new keys refused', (result) => result.refusedNew],
  ['valid keys answered 401', (result) => result.wrong401],
  ['answers again after', (result) => seconds(result.recoveredMs)],
  ['bill and log complete after', (result) => seconds(result.completeMs)],
];

/** The fault was struck, nothing that must be 0 is anything else, and there was something to be wrong about. */
export function isClean(result: FaultResult): boolean {
  const { answered, revoked, difference, admittedRevoked, refusedNew, wrong401, missed } = result;
  const bad = difference + admittedRevoked + refusedNew + wrong401;
  return missed === undefined && answered > 0 && revoked > 0 && bad === 0;
}

/** A table of Markdown, its columns in line, as the formatter wants it. */
export function faultTable(results: readonly FaultResult[]): string {
  const columns = COLUMNS.map(([name, value]) => [name, ...results.map((result) => String(value(result)))]);
  const widths = columns.map((cells) => Math.max(...cells.map(({ length }) => length)));
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const lines = [-1, ...results.keys()].map((nth) =>
    row(columns.map((cells, column) => (cells[nth + 1] ?? '').padEnd(widths[column] ?? 0))),
  );
  return [lines[0], row(widths.map((width) => '-'.repeat(width))), ...lines.slice(1)].join('\n');
}

/** `docs/faults.md`, as the command writes it. */
export function faultPage(results: readonly FaultResult[], command: string): string {
  return `# Faults

\`npm run test:faults\` starts a fleet of its own (two gateways, keys, billing, logs; real Kafka, Redis and PostgreSQL) and
strikes it while two clients run workflows through both gateways and a third issues, uses and revokes keys all the time.
Each fault comes alone, then random ones in a row without a rest between them; the seed is printed, and \`--seed\` gives the
same rows again. \`--short\` has the most telling ones, for CI; \`--only kafka,lease\` has those whose names hold one of the words.

After each, the clients' own record of answers is held against bill and log. Four columns must be 0: the difference (answered
runs that are not in the log, runs in the log twice, runs that bill and log do not both have), requests that were begun after a
revoke's receipt and admitted, new keys that were refused in their next request, and valid keys that were answered 401.
Both times count from the moment the cause is over: a process that was killed has been started again, and a service is ready
(one that ends because Kafka, Redis or PostgreSQL is away while it starts is started once more, as a supervisor does). While
Kafka is away runs, keys and revocations go on; bill and log follow when it has started, which is most of that time, and its
groups have missed their former members, which takes six seconds.

The moments between two steps are struck exactly. Every service has PostgreSQL over a line of the test, which reads its
statements and holds back the one that ends the moment: the relay's checkpoint, a consumer's \`COMMIT\` behind the rows of its
effect, or the answer to that \`COMMIT\`. The process is killed while it waits for it, and what was held never arrives. When no
such statement comes, or the process does not wait any more, the row says MISSED and the command fails. The relay is killed
only after another reader has got its facts from Kafka. A consumer acknowledges nothing to Kafka after its commit: its offset
is a row of the same transaction.

Written by \`${command}\`:

${faultTable(results)}

What was there when the process was killed:

${results
  .flatMap(({ proof }) => proof)
  .map((what) => `- ${what}`)
  .join('\n')}
`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
