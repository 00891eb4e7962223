import type { FaultResult } from './fault-run.js';

const COLUMNS: [string, (result: FaultResult) => string | number][] = [
  ['fault', (result) => result.fault],
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

/** Nothing that must be 0 is anything else, and there was something to be wrong about. */
export function isClean(result: FaultResult): boolean {
  const { answered, revoked, difference, admittedRevoked, refusedNew, wrong401 } = result;
  return answered > 0 && revoked > 0 && difference + admittedRevoked + refusedNew + wrong401 === 0;
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

Two moments are too short to be struck from outside: a relay between its publish and its checkpoint, and a consumer between its
effect and its commit. Here the killed services approach them, under load; they are struck exactly in
\`libs/event-log/src/kafka-relay.kafka.spec.ts\` and \`kafka-following.kafka.spec.ts\`, in the same process.

Written by \`${command}\`:

${faultTable(results)}
`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
