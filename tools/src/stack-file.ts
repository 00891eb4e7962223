import { existsSync, readdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, type OwnProcess } from './own-process.js';

/** What `DIR/stack.json` says of a running stack (contract A5). It holds secrets: its mode is 0600. */
export interface StackFile {
  /** One for each gateway; each serves everything. */
  baseUrls: string[];
  adminApiKey: string;
  processes: OwnProcess[];
}

const FILE = 'stack.json';

export function stackPath(dir: string): string {
  return join(dir, FILE);
}

/** Undefined when there is none. */
export function readStack(dir: string): StackFile | undefined {
  const path = stackPath(dir);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as StackFile) : undefined;
}

/** Appears in one step, so that whoever waits for it reads all of it. */
export function writeStack(dir: string, { baseUrls, adminApiKey, processes }: StackFile): void {
  const listed = processes.map(({ name, kind, pid, url, argv, env, cwd, log }) => {
    return { name, kind, pid, url, argv, env, cwd, log };
  });
  const path = stackPath(dir);
  const text = JSON.stringify({ baseUrls, adminApiKey, processes: listed }, null, 2);
  writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/**
 * The ids of the live processes that this entry stands for: the one it names, and any that was started again from its
 * command and folder meanwhile. A later process that only has the number is not meant.
 */
export function livePids({ argv, cwd, pid }: OwnProcess): number[] {
  if (!existsSync('/proc/self/cmdline')) return isAlive(pid) ? [pid] : [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => isAlive(each) && isOf(each, argv, cwd));
}

/** A launcher such as `setpriv` becomes the program it launches: then the end of the command is what is left of it. */
function isOf(pid: number, argv: readonly string[], cwd: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    if (words.length < 2 || words.length > argv.length) return false;
    const tail = argv.slice(argv.length - words.length);
    // A command that was found on the path may be shown by its whole name.
    const same = tail.every((word, at) => word === words[at] || (at === 0 && words[0]?.endsWith(`/${word}`)));
    return same && (argv.includes('setpriv') || readlinkSync(`/proc/${pid}/cwd`) === cwd);
  } catch {
    return false;
  }
}
