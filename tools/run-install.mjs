import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root, runQuietly, say } from './run-process.mjs';

const modules = join(root, 'node_modules');
const stampFile = join(modules, '.tollgate-lock');
const lockFile = join(root, 'tmp', 'install.lock');
const pollMs = 200;

/**
 * Installs by `npm ci` unless node_modules is what package-lock.json says. Of several at once one installs and the others
 * wait; one that was killed is taken over from as soon as its npm has ended too.
 */
export async function install() {
  if (isInstalled()) return;
  const lock = await takeLock();
  try {
    if (isInstalled()) return;
    say(`installing packages (npm ci; ${existsSync(modules) ? 'package-lock.json has changed' : 'first start'})`);
    const [command, before] = npm();
    const flags = ['ci', '--include=dev', '--include=optional', '--loglevel=error', '--no-audit', '--no-fund'];
    const { code, output } = await runQuietly(command, [...before, ...flags], { onSpawn: lock.alsoHeldBy });
    if (code !== 0) throw new Error(`npm ci failed:\n${output.trimEnd()}`);
    writeStamp();
  } finally {
    lock.release();
  }
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/** The stamp answers at once; without it (somebody ran npm himself) npm's own record is compared, package by package. */
function isInstalled() {
  if (read(stampFile)?.trim() === lockHash()) return true;
  if (!matchesRecord()) return false;
  writeStamp();
  return true;
}

function matchesRecord() {
  const record = packages(join(modules, '.package-lock.json'));
  const wanted = packages(join(root, 'package-lock.json'));
  if (!record || !wanted) return false;
  const same = (name) => (record[name].version ?? '') === (wanted[name]?.version ?? '') && wanted[name] !== undefined;
  const isMissing = ([name, entry]) =>
    name.startsWith('node_modules/') && !entry.optional && record[name] === undefined;
  return Object.keys(record).every(same) && !Object.entries(wanted).some(isMissing);
}

function packages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function writeStamp() {
  writeFileSync(`${stampFile}.new`, `${lockHash()}\n`);
  renameSync(`${stampFile}.new`, stampFile);
}

/** The npm that runs us, else the one on PATH. */
function npm() {
  const caller = process.env.npm_execpath;
  if (caller && basename(caller) === 'npm-cli.js') return [process.execPath, [caller]];
  return ['npm', []];
}

async function takeLock() {
  mkdirSync(join(root, 'tmp'), { recursive: true });
  const mine = [identity(process.pid)];
  let isSaid = false;
  while (!claim(mine)) {
    const found = read(lockFile);
    const holder = holders(found).find(isLive);
    if (!holder) discard(found);
    else {
      if (!isSaid) say(`waiting for another install (process ${holder.pid})`);
      isSaid = true;
      await pause(pollMs);
    }
  }
  return {
    /** npm outlives a killed parent: until it has ended, nobody else may install. */
    alsoHeldBy: (pid) => {
      mine.push(identity(pid));
      writeFileSync(`${lockFile}.${process.pid}`, JSON.stringify(mine));
      renameSync(`${lockFile}.${process.pid}`, lockFile);
    },
    release: () => {
      if (holders(read(lockFile)).some(({ pid }) => pid === process.pid)) rmSync(lockFile, { force: true });
    },
  };
}

/** Name and content appear in one step. */
function claim(mine) {
  const draft = `${lockFile}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine));
  try {
    linkSync(draft, lockFile);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes a dead holder's lock, and puts back one that a live process took in between. */
function discard(stale) {
  if (stale === undefined) return;
  const aside = `${lockFile}.aside.${process.pid}`;
  try {
    renameSync(lockFile, aside);
    if (read(aside) !== stale) linkSync(aside, lockFile);
  } catch {
    // Somebody else was quicker; the next round tells.
  }
  rmSync(aside, { force: true });
}

function holders(text) {
  try {
    const list = JSON.parse(text ?? '');
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

function identity(pid) {
  return { pid, began: began(pid) };
}

function isLive({ pid, began: then }) {
  const now = began(pid);
  return now !== undefined && now === then;
}

/** Tells a process from a later one of its number; undefined when it has ended. Without /proc the number must do. */
function began(pid) {
  if (process.platform !== 'linux') {
    try {
      process.kill(pid, 0);
      return '';
    } catch (error) {
      return error.code === 'EPERM' ? '' : undefined;
    }
  }
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return !fields || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
