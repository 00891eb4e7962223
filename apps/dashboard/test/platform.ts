import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
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
}

/**
 * The built platform in a process, with a port and data of its own. `DASHBOARD_URL` names a running one instead, for
 * working on the page; its admin key must then be the one above.
 */
export async function startPlatform(): Promise<Platform> {
  const given = process.env.DASHBOARD_URL;
  if (given) return { url: given, stop: async () => undefined };
  const port = await freePort();
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-browser-'));
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      PORT: String(port),
      DATA_DIR: dataDir,
      PUBLIC_URL: url,
      ADMIN_API_KEY: ADMIN_KEY,
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const stop = async () => {
    await ended(child);
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await ready(url, child);
    return { url, stop };
  } catch (error) {
    await stop();
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
