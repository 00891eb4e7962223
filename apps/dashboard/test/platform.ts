import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, freePort } from '@tollgate/testing';

const MAIN = fileURLToPath(new URL('../../all-in-one/dist/main.js', import.meta.url));
const READY_WITHIN_MS = 60_000;

export const ADMIN_KEY = 'operator-key-of-the-browser-tests';

export interface Platform {
  url: string;
  stop(): Promise<void>;
  /** Ends the process and keeps its port and data. */
  goAway(): Promise<void>;
  /** Starts it again on the same port and data. */
  comeBack(): Promise<void>;
}

/**
 * The built platform in a process, with a port and data of its own. `DASHBOARD_URL` names a running one instead, for
 * working on the page; its admin key must then be the one above, and it never goes away.
 */
export async function startPlatform(settings: Record<string, string> = {}): Promise<Platform> {
  const given = process.env.DASHBOARD_URL;
  const stay = () => Promise.reject(new Error('A platform that was given cannot be stopped: unset DASHBOARD_URL'));
  if (given) return { url: given, stop: async () => undefined, goAway: stay, comeBack: stay };
  const port = await freePort();
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-browser-'));
  // So that what root runs PostgreSQL as reaches it: else the data would go, and stay, elsewhere.
  chmodSync(dataDir, 0o711);
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  const goAway = async () => {
    if (child) await ended(child);
  };
  const stop = async () => {
    await goAway();
    rmSync(dataDir, { recursive: true, force: true });
  };
  const comeBack = async () => {
    child = await launched(url, port, { DATA_DIR: dataDir, ...settings });
  };
  try {
    await comeBack();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop, goAway, comeBack };
}

async function launched(url: string, port: number, settings: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      PORT: String(port),
      PUBLIC_URL: url,
      ADMIN_API_KEY: ADMIN_KEY,
      LOG_LEVEL: 'warn',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  try {
    await ready(url, child);
    return child;
  } catch (error) {
    await ended(child);
    throw new Error(`The platform did not start: ${(error as Error).message}\n${said.join('').slice(-2_000)}`, {
      cause: error,
    });
  }
}

function ready(url: string, child: ChildProcess): Promise<void> {
  const check = async () => {
    const answer = await fetch(`${url}/health/ready`);
    if (!answer.ok) throw new Error(child.exitCode === null ? 'it is not ready' : `it ended with ${child.exitCode}`);
  };
  return eventually(check, { timeoutMs: READY_WITHIN_MS, everyMs: 100 });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}
