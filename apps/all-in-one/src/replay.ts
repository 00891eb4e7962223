import { parseArgs } from 'node:util';
import {
  type Config,
  configOfProcess,
  findLog,
  type NamedPlatform,
  PinoLog,
  PLATFORM_OPTIONS,
  placeOfLog,
  say,
} from '@tollgate/service-kit';
import type { Fingerprint } from './fingerprints.js';
import { rebuildIntoRedis, type RebuiltDirectory } from './rebuild-directory.js';
import { rebuild, type Rebuilt } from './rebuild.js';
import { emptyTarget } from './replay-target.js';

/**
 * `npm run replay -- --into <database> --redis <url> [--stack DIR | --data DIR]`: folds the whole log into empty databases
 * of billing and logs, and into an empty Redis, or into one of both, and compares what comes out with what is there. The
 * log is that of the stack in `--stack`, of the platform that runs on `--data`, else of `DATABASE_URL` (and
 * `KAFKA_BROKERS`, `REDIS_URL`), else of the one that runs here.
 */
function sourceOf(named: NamedPlatform): Config {
  const { name, config } = findLog(named, configOfProcess());
  say(`Reading the log of ${name}: ${placeOfLog(config)}`);
  return config;
}

/** Gives whether everything came out the same. */
function reportDatabases({ original, rebuilt, ...taken }: Rebuilt): boolean {
  sayRate('bill and log', taken);
  return rebuilt.map((made, nth) => compare(made, [['original', original[nth]]])).every((same) => same);
}

function reportDirectory({ folded, rebuilt, live, ...taken }: RebuiltDirectory): boolean {
  sayRate('directory', taken);
  return compare(rebuilt, [['folded', folded], ...(live ? ([['live', live]] as const) : [])]);
}

function sayRate(what: string, taken: { events: number; seconds: number; cpuSeconds?: number }): void {
  const { events, seconds, cpuSeconds } = taken;
  const rate = Math.round(events / Math.max(seconds, 0.001));
  const cpu = cpuSeconds === undefined ? '' : `, ${cpuSeconds.toFixed(1)} s of this process's CPU`;
  say(`${what}: ${events} events in ${seconds.toFixed(1)} s: ${rate} events/s${cpu}`);
}

function compare(rebuilt: Fingerprint, others: (readonly [name: string, of: Fingerprint | undefined])[]): boolean {
  say(`${rebuilt.part.padEnd(9)} ${String(rebuilt.rows).padStart(9)}  rebuilt  ${rebuilt.sha256}`);
  const verdicts = others.map(([name, of]) => {
    const isSame = of?.sha256 === rebuilt.sha256;
    say(`${' '.repeat(19)}  ${name.padEnd(8)} ${of?.sha256}  ${isSame ? 'identical' : 'DIFFERENT'}`);
    return isSame;
  });
  return verdicts.every((isSame) => isSame);
}

try {
  const options = { into: { type: 'string' }, redis: { type: 'string' }, ...PLATFORM_OPTIONS } as const;
  const { into, redis, ...named } = parseArgs({ options }).values;
  if (!into && !redis) {
    throw new Error(
      'Name what to rebuild into: --into <empty database> (a URL, or a name), --redis <URL of an empty Redis>, or both',
    );
  }
  if (redis && !/^rediss?:\/\//.test(redis)) throw new Error('--redis: must be a redis:// or rediss:// URL');
  const source = sourceOf(named);
  const log = new PinoLog('warn', 'replay').pino;
  const target = into && (await emptyTarget(into, source.DATABASE_URL ?? ''));
  // The quick one first: a Redis that is not empty is told before an hour of folding.
  const directoryIsSame = !redis || reportDirectory(await rebuildIntoRedis(source, redis, log));
  const databasesAreSame = !target || reportDatabases(await rebuild(source, target, log));
  if (!directoryIsSame || !databasesAreSame) {
    say('They differ. If anything happened meanwhile, try again without traffic, into other empty places.');
    process.exitCode = 1;
  }
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
}
