import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FaultFleet } from './fault-fleet.js';
import { faultsOf, randomOf, sequenceOf } from './fault-list.js';
import { faultPage, faultTable, isClean } from './fault-page.js';
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
    const only = (values.only ?? '').toLowerCase().split(',');
    const all = faultsOf(fleet.services, short, random);
    const alone = all.filter(({ name }) => only.some((part) => name.toLowerCase().includes(part)));
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
  process.stdout.write(`\n${faultTable(results)}\n\nseed ${seed}\n`);
  if (values.write) {
    const command = `npm run test:faults -- --seed ${seed}${short ? ' --short' : ''} --write`;
    writeFileSync(PAGE, faultPage(results, command));
  }
  process.exitCode = results.every(isClean) ? 0 : 1;
} catch (error) {
  say(`seed ${seed}: ${(error as Error).stack}`);
  process.exitCode = 1;
}
// What a fault left half open must not keep the process.
process.exit();
