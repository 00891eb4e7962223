import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Config, configOfProcess, loadConfig, PinoLog, say } from '@tollgate/service-kit';
import { rebuild, type Rebuilt } from './rebuild.js';
import { emptyTarget } from './replay-target.js';

/**
 * `npm run replay -- --into <database> [--stack DIR]`: folds the whole log into empty databases of billing and logs, and
 * compares what comes out with what is there. The log is that of `DATABASE_URL` (and `KAFKA_BROKERS`), of the platform
 * that runs on `DATA_DIR`, or of the stack in `DIR`.
 */
function sourceOf(stackDir: string | undefined): Config {
  const own = configOfProcess();
  if (stackDir !== undefined) return configOfStack(stackDir);
  if (own.DATABASE_URL !== undefined) return own;
  const running = join(own.DATA_DIR, 'running.json');
  if (existsSync(running)) {
    const { databaseUrl } = JSON.parse(readFileSync(running, 'utf8')) as { databaseUrl: string };
    return own.with({ DATABASE_URL: databaseUrl });
  }
  if (existsSync(join('.stack', 'stack.json'))) return configOfStack('.stack');
  throw new Error(
    `No log is named: set DATABASE_URL (and KAFKA_BROKERS), start the platform on ${own.DATA_DIR}, or name a stack by --stack DIR.`,
  );
}

function configOfStack(dir: string): Config {
  const file = join(dir, 'stack.json');
  if (!existsSync(file)) throw new Error(`--stack: there is no ${file}: start a stack by "npm run stack"`);
  const { processes } = JSON.parse(readFileSync(file, 'utf8')) as {
    processes: { name: string; env: Record<string, string> }[];
  };
  return loadConfig(processes.find(({ name }) => name === 'billing')?.env ?? {});
}

/** Gives whether everything came out the same. */
function report({ events, seconds, original, rebuilt }: Rebuilt): boolean {
  say(`${events} events in ${seconds.toFixed(1)} s: ${Math.round(events / Math.max(seconds, 0.001))} events/s`);
  let same = true;
  rebuilt.forEach((made, at) => {
    const before = original[at];
    const isSame = before?.sha256 === made.sha256;
    same &&= isSame;
    say(`${made.part.padEnd(9)} ${String(made.rows).padStart(9)}  original ${before?.sha256}`);
    say(`${' '.repeat(19)}  rebuilt  ${made.sha256}  ${isSame ? 'identical' : 'DIFFERENT'}`);
  });
  return same;
}

try {
  const { values } = parseArgs({ options: { into: { type: 'string' }, stack: { type: 'string' } } });
  if (!values.into) throw new Error('--into: names the empty database to rebuild into (a URL, or a name)');
  const source = sourceOf(values.stack);
  const target = await emptyTarget(values.into, source.DATABASE_URL ?? '');
  if (!report(await rebuild(source, target, new PinoLog('warn', 'replay').pino))) {
    say('They differ. If runs came in meanwhile, try again without traffic, into another empty database.');
    process.exitCode = 1;
  }
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
}
