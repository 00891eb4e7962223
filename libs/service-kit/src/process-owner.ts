import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What holds the data folder: a process, told apart from a later one with the same number by when it began. */
interface Owner {
  pid: number;
  began: string;
}

/** Makes this process the only owner of `dataDir`, by the file `tollgate.pid`; see `ownByFile`. */
export function ownDataFolder(dataDir: string): () => void {
  return ownByFile(join(dataDir, 'tollgate.pid'), dataDir);
}

/**
 * Makes this process the only owner of a `folder`, by a `file`.
 *
 * Promises: of two live processes on one machine one is refused, with the other's pid in the message; an owner that was
 * killed is taken over at once, also when its pid is in use again. Limit: processes that cannot see each other (two
 * containers on one volume) are not told apart from dead ones.
 *
 * @returns the release; calling it again, or after somebody else took over, does nothing.
 */
export function ownByFile(file: string, folder: string): () => void {
  const mine = `${JSON.stringify({ pid: process.pid, began: processBegan(process.pid) ?? '' } satisfies Owner)}\n`;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    if (claim(file, mine)) return () => release(file, mine);
    const found = readText(file);
    const owner = parseOwner(found);
    if (owner && isLive(owner)) throw new Error(refusal(folder, owner.pid));
    if (found !== undefined) discard(file, found);
  }
  throw new Error(`${file} changes all the time: several processes want to own ${folder}. Start one at a time.`);
}

function refusal(folder: string, pid: number): string {
  return (
    `${folder} is in use by process ${pid}, which is running. ` +
    `Stop it first (kill ${pid}), or set DATA_DIR to another folder.`
  );
}

/** The link makes the name and the content appear in one step, so nobody reads a half-written owner. */
function claim(file: string, content: string): boolean {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes a dead owner's file; if a live process claimed it in between, its claim is put back. */
function discard(file: string, stale: string): void {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (readText(aside) !== stale) {
    try {
      linkSync(aside, file);
    } catch {
      // A third process was quicker; whoever was displaced keeps the database's own lock.
    }
  }
  rmSync(aside, { force: true });
}

function release(file: string, mine: string): void {
  if (readText(file) === mine) rmSync(file, { force: true });
}

export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function parseOwner(text: string | undefined): Owner | undefined {
  try {
    const { pid, began } = JSON.parse(text ?? '') as Partial<Owner>;
    return Number.isInteger(pid) && typeof began === 'string' ? { pid: pid as number, began } : undefined;
  } catch {
    return undefined;
  }
}

function isLive(owner: Owner): boolean {
  const began = processBegan(owner.pid);
  return began !== undefined && (owner.began === '' || owner.began === began);
}

/** When a process began, in any form that differs between two processes of one pid; undefined when it has ended. */
export function processBegan(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return process.platform === 'linux' ? undefined : ps(pid, 'lstart=');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A killed process that nobody has waited for yet (Z) holds nothing any more.
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return `${readText('/proc/sys/kernel/random/boot_id')?.trim() ?? ''} ${fields[19] ?? ''}`;
}

/** The command line of a live process; undefined when it has ended. */
export function processCommand(pid: number): string | undefined {
  if (processBegan(pid) === undefined) return undefined;
  if (process.platform !== 'linux') return ps(pid, 'command=');
  return readText(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim();
}

function ps(pid: number, column: string): string | undefined {
  try {
    return execFileSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
