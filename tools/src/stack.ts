import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Config } from '@tollgate/service-kit';
import { startStack } from './stack-start.js';
import { stackPath } from './stack-file.js';
import { stopStack } from './stack-stop.js';

/**
 * `npm run stack -- [--gateways N] [--dir DIR]` starts the distributed form and returns when it is ready;
 * `npm run stack:stop -- [--dir DIR]` ends it. Settings of the environment that are not addresses (`BILLING`, `PLANS_FILE`,
 * `UPSTREAM_ALLOW`, …) are handed to every service. What runs is in `DIR/stack.json` (contract A5).
 */
const GATEWAYS_MAX = 16;
const DIR = '.stack';

const say = (line: string) => process.stderr.write(`${line}\n`);

async function start(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { gateways: { type: 'string', default: '2' }, dir: { type: 'string', default: DIR } },
  });
  const gateways = Number(values.gateways);
  if (!/^\d+$/.test(values.gateways) || gateways < 1 || gateways > GATEWAYS_MAX) {
    throw new Error(`--gateways: must be a whole number from 1 to ${GATEWAYS_MAX}`);
  }
  const dir = resolve(values.dir);
  const began = performance.now();
  const given = Object.entries(process.env).filter(([name, value]) => Config.names.includes(name) && value);
  const settings = Object.fromEntries(given) as Record<string, string>;
  const { baseUrls } = await startStack({ dir, gateways, say, settings });
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  say(
    [
      '',
      `  Tollgate's fleet is ready (${seconds} s): ${baseUrls.join('  ')}`,
      `  Processes, addresses and the operator's key are in ${stackPath(dir)}; logs are beside it.`,
      `  npm run stack:stop${values.dir === DIR ? '' : ` -- --dir ${values.dir}`}   ends it; its data stays.`,
      '',
    ].join('\n'),
  );
}

async function stop(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { dir: { type: 'string', default: DIR } } });
  const dir = resolve(values.dir);
  const ended = await stopStack(dir);
  say(ended.length === 0 ? `Nothing of the stack in ${dir} lived any more.` : `Ended ${ended.join(', ')}.`);
}

try {
  const [verb, ...args] = process.argv.slice(2);
  await (verb === 'stop' ? stop(args) : start(process.argv.slice(2)));
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
}
