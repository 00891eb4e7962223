import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, loadConfig } from './config.js';
import { addressOf } from './database.js';
import { processBegan } from './process-owner.js';

/** How a tool is told which platform is meant: the folder of one process, or that of a stack. */
export const PLATFORM_OPTIONS = { data: { type: 'string' }, stack: { type: 'string' } } as const;
export type NamedPlatform = Partial<Record<keyof typeof PLATFORM_OPTIONS, string>>;

export interface FoundPlatform {
  /** For people, e.g. `the stack in .stack`. */
  name: string;
  /** The settings of who folds its log. */
  config: Config;
  /** Where clients reach it; undefined when the environment alone names its log. */
  url?: string;
}

const DATA_DIR = './data';
const STACK_DIR = '.stack';

/**
 * The running platform that is named by `--data` or `--stack`, or by a `DATA_DIR` of its own; else the one that is found on
 * `./data` or in `.stack`. Throws a sentence that tells what to do when there is none, and when there are two.
 */
export function findPlatform(named: NamedPlatform, own: Config, orBy = 'DATABASE_URL'): FoundPlatform {
  const { data, stack } = named;
  if (data !== undefined && stack !== undefined) throw new Error('Name one of --data and --stack, not both');
  if (stack !== undefined)
    return stackIn(stack) ?? fail(`--stack: no stack runs in ${stack}: start one by "npm run stack"`);
  if (data !== undefined)
    return platformOn(data, own) ?? fail(`--data: no platform runs on ${data}: start it by "npm start"`);
  const platform = platformOn(own.DATA_DIR, own);
  const found = own.DATA_DIR === DATA_DIR ? stackIn(STACK_DIR) : undefined;
  if (platform && found) {
    fail(
      `Two are here: ${platform.name}, and ${found.name}. Say which is meant: --data ${own.DATA_DIR}, or --stack ${STACK_DIR}.`,
    );
  }
  return (
    platform ??
    found ??
    fail(
      `No platform runs on ${own.DATA_DIR}: start it with "npm start", or name another by --data DIR, --stack DIR or ${orBy}.`,
    )
  );
}

/**
 * Whose log a tool is to read: what the environment names, where that `suffices`, goes before what is merely found, and
 * `--data` or `--stack` before both.
 */
export function findLog(named: NamedPlatform, own: Config, suffices = own.DATABASE_URL !== undefined): FoundPlatform {
  const isFlagged = named.data !== undefined || named.stack !== undefined;
  return isFlagged || !suffices ? findPlatform(named, own) : { name: 'what the environment names', config: own };
}

/** Where its events lie; shows no password. */
export function placeOfLog({ KAFKA_BROKERS, DATABASE_URL }: Config): string {
  return KAFKA_BROKERS === undefined
    ? `PostgreSQL at ${addressOf(DATABASE_URL ?? '')}`
    : `Kafka at ${KAFKA_BROKERS.join(',')}`;
}

function platformOn(dataDir: string, own: Config): FoundPlatform | undefined {
  const file = join(dataDir, 'running.json');
  if (!existsSync(file)) return undefined;
  const { pid, url, databaseUrl } = JSON.parse(readFileSync(file, 'utf8')) as Record<'url' | 'databaseUrl', string> & {
    pid: number;
  };
  // One that was killed has left its file.
  if (processBegan(pid) === undefined) return undefined;
  return { name: `the platform on ${dataDir}`, config: own.with({ DATABASE_URL: databaseUrl }), url };
}

function stackIn(dir: string): FoundPlatform | undefined {
  const file = join(dir, 'stack.json');
  if (!existsSync(file)) return undefined;
  const { processes, baseUrls } = JSON.parse(readFileSync(file, 'utf8')) as {
    processes: { name: string; env: Record<string, string> }[];
    baseUrls: [string];
  };
  const billing = processes.find(({ name }) => name === 'billing');
  return { name: `the stack in ${dir}`, config: loadConfig(billing?.env ?? {}), url: baseUrls[0] };
}

function fail(sentence: string): never {
  throw new Error(sentence);
}
