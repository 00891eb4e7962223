import { execFile, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@tollgate/testing';
import pg from 'pg';
import { launch, type OwnProcess, stopProcess, whenReady } from './own-process.js';

const VERSION_MIN = 13;
const PACKAGES_FOLDER = '/usr/lib/postgresql';
const INIT_TIMEOUT_MS = 60_000;
const READY_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 2_000;
const CONNECTIONS_MAX = 400;
const USER = 'tollgate';
export const INSTALL_POSTGRES = 'apt-get install -y postgresql';

export interface PostgresServer extends OwnProcess {
  name: 'postgres';
  kind: 'infra';
  /** With user and password, as `DATABASE_URL` takes it. */
  url: string;
  /** Ends the process by its id: politely, then by force. Safe to call twice. */
  stop(): Promise<void>;
}

export interface PostgresServerOptions {
  /** Data, password and log; made when missing. A second start with the same folder goes on with its data. */
  dir: string;
  /** Default: a free one. */
  port?: number;
}

/** The account that PostgreSQL runs under when we are root, which it refuses. */
interface Account {
  uid: number;
  gid: number;
}

/**
 * Starts the distribution's PostgreSQL on a data folder and a port of its own, beside whatever cluster the system has,
 * and resolves when it answers and has the database `tollgate`. Rejects with what is missing or what PostgreSQL said; no
 * process is left then. As root it runs as `postgres` (else `nobody`), and where that account cannot reach the folder,
 * the data is in /var/tmp.
 */
export async function startPostgres(options: PostgresServerOptions): Promise<PostgresServer> {
  const dir = resolve(options.dir);
  const binaries = postgresBinaries();
  mkdirSync(dir, { recursive: true });
  const account = process.getuid?.() === 0 ? unprivileged() : undefined;
  const data = await prepare(dir, binaries, account);
  const port = options.port ?? (await freePort());
  const settings = [
    `listen_addresses=127.0.0.1`,
    `unix_socket_directories=`,
    `max_connections=${CONNECTIONS_MAX}`,
    `shared_buffers=128MB`,
  ];
  const command = [
    join(binaries, 'postgres'),
    '-D',
    data,
    '-p',
    `${port}`,
    ...settings.flatMap((each) => ['-c', each]),
  ];
  const argv = [...asAccount(account), ...command];
  const log = join(dir, 'postgres.log');
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8' };
  const cwd = account ? '/' : dir;
  const pid = launch({ argv, env, cwd, log });
  const stop = () => stopProcess('PostgreSQL', pid);
  const password = readFileSync(join(dir, PASSWORD_FILE), 'utf8');
  const address = `postgres://${USER}:${password}@127.0.0.1:${port}`;
  try {
    const name = `PostgreSQL at 127.0.0.1:${port}`;
    const answers = () => makeDatabase(`${address}/postgres`);
    await whenReady({ name, pid, answers, timeoutMs: READY_TIMEOUT_MS, logs: [log] });
  } catch (error) {
    await stop();
    throw error;
  }
  return { name: 'postgres', kind: 'infra', pid, url: `${address}/tollgate`, argv, env, cwd, log, stop };
}

/** The newest of the distribution's versions, else what is on the path. Throws with the command that installs it. */
export function postgresBinaries(): string {
  const versions = existsSync(PACKAGES_FOLDER) ? readdirSync(PACKAGES_FOLDER).map(Number).filter(Number.isInteger) : [];
  const folders = [
    ...versions.sort((one, other) => other - one).map((version) => join(PACKAGES_FOLDER, `${version}`, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  const found = folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
  if (!found) throw new Error(`There is no PostgreSQL server. Install it: ${INSTALL_POSTGRES}`);
  const [, major] = /(\d+)/.exec(spawnSync(join(found, 'postgres'), ['--version'], { encoding: 'utf8' }).stdout) ?? [];
  if (Number(major) < VERSION_MIN) {
    throw new Error(
      `${found} is PostgreSQL ${major}; ${VERSION_MIN} or newer is needed. Install it: ${INSTALL_POSTGRES}`,
    );
  }
  return found;
}

function unprivileged(): Account {
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const entry = ['postgres', 'nobody'].flatMap((name) => accounts.filter(([of]) => of === name))[0];
  if (!entry)
    throw new Error('PostgreSQL does not run as root, and there is neither an account "postgres" nor "nobody"');
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

function asAccount(account: Account | undefined): string[] {
  return account ? ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'] : [];
}

const PASSWORD_FILE = 'password';

/** Gives the data folder, made when it is not there yet. */
async function prepare(dir: string, binaries: string, account: Account | undefined): Promise<string> {
  const data = join(homeFor(dir, account), 'data');
  if (existsSync(join(data, 'PG_VERSION'))) return data;
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  if (account) chownSync(data, account.uid, account.gid);
  const password = randomBytes(24).toString('base64url');
  writeFileSync(join(dir, PASSWORD_FILE), password, { mode: 0o600 });
  // The account may read neither our copy of the password nor our standard input.
  const passed = `${data}.password`;
  writeFileSync(passed, password, { mode: 0o600 });
  if (account) chownSync(passed, account.uid, account.gid);
  const settings = ['--auth=scram-sha-256', `--pwfile=${passed}`, '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'];
  const [command = '', ...words] = [
    ...asAccount(account),
    join(binaries, 'initdb'),
    ...['-D', data, '-U', USER, ...settings],
  ];
  try {
    await promisify(execFile)(command, words, { timeout: INIT_TIMEOUT_MS, cwd: '/', env: process.env });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(`PostgreSQL could not make ${data}: ${stderr?.trim() || message}`, { cause: error });
  } finally {
    rmSync(passed, { force: true });
  }
  return data;
}

/** The folder itself, when the account can reach it. */
function homeFor(dir: string, account: Account | undefined): string {
  if (!account) return dir;
  const [command = '', ...words] = [...asAccount(account), 'test', '-x', dir];
  if (spawnSync(command, words, { cwd: '/' }).status === 0) return dir;
  const name = createHash('sha256').update(dir).digest('hex').slice(0, 12);
  const home = join('/var/tmp', `tollgate-postgres-${name}`);
  mkdirSync(home, { recursive: true, mode: 0o711 });
  return home;
}

async function makeDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rowCount } = await client.query(`SELECT FROM pg_database WHERE datname = 'tollgate'`);
    if (rowCount === 0) await client.query('CREATE DATABASE tollgate');
  } finally {
    await client.end();
  }
}
