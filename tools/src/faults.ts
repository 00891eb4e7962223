import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FaultFleet } from './fault-fleet.js';
import { faultsOf, randomOf, sequenceOf } from './fault-list.js';
import { type FaultResult, strike } from './fault-run.js';
import { FleetTenant } from './fleet-tenant.js';
import { startStack } from './stack-start.js';
import { stopStack } from './stack-stop.js';

/**
 * `npm run test:faults -- [--seed N] [--short] [--only NAME,…] [--write]`: a fleet of its own under steady load, struck by each fault alone
 * and by random ones in a row. Ends with a table, and with exit code 1 when anything in it that must be 0 is not.
 */
const SEQUENCES = { short: 1, long: 4 };
const SEQUENCE_LENGTH = 3;
const PAGE = join(import.meta.dirname, '../../docs/faults.md');

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    short: { type: 'boolean' },
    write: { type: 'boolean' },
    only: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const short = values.short ?? false;
const say = (line: string) => void process.stderr.write(`${line}\n`);

const COLUMNS: [string, (result: FaultResult) => string | number][] = [
  ['fault', (result) => result.fault],
  ['answered', (result) => result.answered],
  ['not answered', (result) => result.unanswered],
  ['difference of answers, bill and log', (result) => result.difference],
  ['admitted after a receipt', (result) => result.admittedRevoked],
  ['new keys refused', (result) => result.refusedNew],
  ['valid keys answered 401', (result) => result.wrong401],
  ['recovered in', (result) => `${(result.recoveredMs / 1000).toFixed(1)} s`],
];

function table(results: readonly FaultResult[]): string {
  const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [
    row(COLUMNS.map(([name]) => name)),
    row(COLUMNS.map(() => '---')),
    ...results.map((result) => row(COLUMNS.map(([, value]) => value(result)))),
  ].join('\n');
}

const isClean = (result: FaultResult) =>
  result.difference + result.admittedRevoked + result.refusedNew + result.wrong401 === 0;

async function run(): Promise<FaultResult[]> {
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-faults-'));
  const results: FaultResult[] = [];
  let isOver = false;
  const stack = await startStack({ dir, gateways: 2, say, settings: { BILLING: 'off' } });
  try {
    const tenant = await FleetTenant.make(stack);
    const { key } = await tenant.issueKey('of the load');
    const fleet = await FaultFleet.of(stack);
    const random = randomOf(seed);
    const only = (values.only ?? '').split(',');
    const alone = faultsOf(fleet.services, short).filter(({ name }) => only.some((part) => name.includes(part)));
    const rows = values.only ? 0 : SEQUENCES[short ? 'short' : 'long'];
    const inARow = Array.from({ length: rows }, () => sequenceOf(alone, SEQUENCE_LENGTH, random));
    for (const fault of [...alone, ...inARow]) {
      const result = await strike(fleet, tenant, key, fault);
      say(`${isClean(result) ? 'ok  ' : 'BAD '} ${JSON.stringify(result)}`);
      results.push(result);
    }
    await fleet.close();
    isOver = true;
    return results;
  } finally {
    await stopStack(dir).catch((error: Error) => say(error.message));
    if (isOver && results.every(isClean)) rmSync(dir, { recursive: true, force: true });
    else say(`The logs are kept in ${dir}`);
  }
}

try {
  say(`seed ${seed}`);
  const results = await run();
  process.stdout.write(`\n${table(results)}\n\nseed ${seed}\n`);
  if (values.write) {
    const command = `npm run test:faults -- --seed ${seed}${short ? ' --short' : ''} --write`;
    writeFileSync(
      PAGE,
      `# Faults\n\nTwo gateways under steady load of two clients, while keys are issued, used and revoked all the time. Made by\n\`${command}\`.\n\n${table(results)}\n`,
    );
  }
  process.exitCode = results.every(isClean) ? 0 : 1;
} catch (error) {
  say(`seed ${seed}: ${(error as Error).stack}`);
  process.exitCode = 1;
}
// What a fault left half open must not keep the process.
process.exit();
