import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes this process the only one that writes the spool in `dir`: two would ship each other's runs and remove what the
 * other has not shipped. A killed owner is taken over at once, also when its pid is in use again.
 *
 * Throws an Error that names the other process. Returns the release. Limit: processes that cannot see each other (two
 * containers on one volume) look dead to each other.
 */
export function ownSpoolFolder(dir: string): () => void {
  const file = join(dir, 'owner');
  const mine = JSON.stringify({ pid: process.pid, began: beganOf(process.pid), claim: randomBytes(6).toString('hex') });
  for (let attempt = 0; attempt < 10; attempt++) {
    if (claim(file, mine)) return () => release(file, mine);
    const found = textOf(file);
    const pid = livePid(found);
    if (pid !== undefined) {
      throw new Error(
        `The spool ${dir} is in use by process ${pid}. Stop it first, or set DATA_DIR to another folder.`,
      );
    }
    if (found !== undefined && textOf(file) === found) rmSync(file, { force: true });
  }
  throw new Error(`The spool ${dir} is being taken by several processes at once. Start one at a time.`);
}

/** The link makes name and content appear in one step. */
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

function release(file: string, mine: string): void {
  if (textOf(file) === mine) rmSync(file, { force: true });
}

function livePid(text: string | undefined): number | undefined {
  try {
    const { pid, began } = JSON.parse(text ?? '') as { pid: number; began: string };
    const now = beganOf(pid);
    return now !== undefined && now === began ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** When a live process began, where the system tells it; else whether it lives; undefined when it has ended. */
function beganOf(pid: number): string | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  if (stat !== undefined) {
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A killed process that nobody has waited for yet holds nothing any more.
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${textOf('/proc/sys/kernel/random/boot_id')?.trim() ?? ''} ${fields[19] ?? ''}`;
  }
  if (process.platform === 'linux') return undefined;
  try {
    process.kill(pid, 0);
    return 'alive';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'alive' : undefined;
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
