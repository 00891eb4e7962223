import { spawn, spawnSync } from 'node:child_process';
import { postgresBinaries } from './postgres-server.js';

const INSTALL_TIMEOUT_MS = 600_000;

/** What the fleet needs of the system, by the package that brings it. */
const NEEDED: Record<string, () => boolean> = {
  'default-jre-headless': () => runs('java', '-version'),
  maven: () => runs('mvn', '--version'),
  'redis-server': () => runs('redis-server', '--version'),
  postgresql: () => {
    try {
      return postgresBinaries() !== '';
    } catch {
      return false;
    }
  },
};

/**
 * Sees to it that Java, Maven, Redis and PostgreSQL are there: installs what is missing when this is Debian (or of its
 * kind) and we are root, and otherwise throws with the exact command.
 */
export async function installSystemPackages(say: (line: string) => void): Promise<void> {
  const missing = Object.entries(NEEDED).flatMap(([name, isThere]) => (isThere() ? [] : [name]));
  if (missing.length === 0) return;
  const command = `apt-get install -y ${missing.join(' ')}`;
  const canInstall = process.getuid?.() === 0 && runs('apt-get', '--version');
  if (!canInstall) throw new Error(`Missing: ${missing.join(', ')}. Install them as root: ${command}`);
  say(`installing ${missing.join(', ')} (${command})`);
  await apt('update', '-qq');
  await apt('install', '-y', '-qq', ...missing);
  const still = missing.filter((name) => !NEEDED[name]?.());
  if (still.length > 0) throw new Error(`Still missing after "${command}": ${still.join(', ')}`);
}

function runs(command: string, ...words: string[]): boolean {
  return spawnSync(command, words, { stdio: 'ignore', env: process.env }).status === 0;
}

function apt(...words: string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const child = spawn('apt-get', words, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: INSTALL_TIMEOUT_MS });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.once('error', reject);
  child.once('close', (code) =>
    code === 0 ? resolve() : reject(new Error(`apt-get ${words[0]} failed:\n${said.slice(-2_000).trim()}`)),
  );
  return promise;
}
